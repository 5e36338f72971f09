"""Two hundred slow sends and as many short ones in a process that gevent or eventlet has patched.

Run by test_send_threads.py with the one argument gevent|eventlet; prints how many greenlets did the slow ones, how long
that took, and how many did the short ones.
"""

import sys
import warnings

if sys.argv[1] == "gevent":
    from gevent import monkey

    monkey.patch_all()
else:
    warnings.simplefilter("ignore", DeprecationWarning)
    import eventlet

    eventlet.monkey_patch()

import threading
import time

from services.delivery.send_threads import TICK_SECONDS, SendThreads

news = threading.Event()
who: set[str] = set()


def send(seconds: float) -> None:
    """Take that long, if it is any time at all."""
    who.add(threading.current_thread().name)
    if seconds:
        time.sleep(seconds)


threads: SendThreads[str, float, None] = SendThreads(send, 200, news.set)


def run(seconds: float) -> int:
    """Send two hundred as the drain does; return how many greenlets it took."""
    who.clear()
    threads.start("", [seconds] * 200)
    ended = 0
    while ended < 200:
        while not news.wait(TICK_SECONDS if threads.backlog else 1.0):
            threads.grow()
        news.clear()
        ended += len(threads.take_ended())
    return len(who)


started = time.monotonic()
slow = run(0.5)
took = time.monotonic() - started
for _ in range(9):
    run(0)
print(slow, took, run(0))
threads.stop()

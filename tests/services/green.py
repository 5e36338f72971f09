"""Two hundred slow sends and as many short ones in a process patched by gevent or eventlet.

Run by test_send_threads.py with one argument, gevent or eventlet; prints the number of greenlets for the slow ones,
how long those took, and the number of greenlets for the short ones.
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
    """Sleep for that long, if it is more than zero."""
    who.add(threading.current_thread().name)
    if seconds:
        time.sleep(seconds)


threads: SendThreads[str, float, None] = SendThreads(send, 200, news.set)


def run(seconds: float) -> int:
    """Send two hundred as the drain does; return the number of greenlets used."""
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

import itertools
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from services.delivery import send_threads
from services.delivery.send_threads import MANY, SHORT_SENDS, STILL_TICKS, TICK_SECONDS, SendThreads
from tests.pools import GREEN
from tests.servers.thread import wait_until

ROOT = Path(__file__).parents[3]


class Sends:
    """Records which thread sent what; waits for `gate` before each message in `waits`."""

    def __init__(self, waits=lambda message: False):
        self.gate = threading.Event()
        self.waits = waits
        self.begun = []

    def __call__(self, message):
        self.begun.append((threading.current_thread().name, message))
        if self.waits(message):
            self.gate.wait(20)
        return -message

    @property
    def threads(self):
        return {name for name, _ in self.begun}


@pytest.fixture
def make():
    """Make threads, and stop them at the end."""
    made = []

    def one(sends, most=100):
        rested = threading.Event()
        threads = SendThreads(sends, most, rested.set)
        made.append((sends, threads))
        return threads, rested

    yield one
    for sends, threads in made:
        sends.gate.set()
        threads.stop()


def collect(threads, count):
    ended = []
    wait_until(lambda: ended.extend(threads.take_ended()) or len(ended) >= count, 20)
    return ended


def test_sends_that_wait_for_their_gateway_all_start_within_seven_ticks(make):
    sends = Sends(waits=lambda message: True)
    threads, _ = make(sends)
    threads.start("bulk", range(100))
    for _ in range(7):
        time.sleep(TICK_SECONDS)
        threads.grow()
    wait_until(lambda: len(sends.begun) == 100, 20)
    assert len(sends.threads) == 100
    sends.gate.set()
    assert sorted(collect(threads, 100)) == sorted(("bulk", -message) for message in range(100))


def test_there_are_never_more_threads_than_allowed(make):
    sends = Sends(waits=lambda message: True)
    threads, _ = make(sends, most=5)
    threads.start("bulk", range(20))
    for _ in range(10):
        threads.grow()
    wait_until(lambda: len(sends.begun) == 5, 20)
    assert threads.backlog == 15
    sends.gate.set()
    assert len(collect(threads, 20)) == 20


def test_short_sends_are_one_threads_work(make):
    sends = Sends(waits=lambda message: message == SHORT_SENDS + 10)
    threads, rested = make(sends)
    threads.start("codes", range(100))
    wait_until(lambda: len(sends.begun) > SHORT_SENDS + 10, 20)
    threads.grow()
    sends.gate.set()
    assert rested.wait(20)
    assert len(collect(threads, 100)) == 100
    assert len(sends.threads) == 1
    assert [message for _, message in sends.begun] == list(range(100))


@pytest.fixture
def busy(monkeypatch):
    """Have the process compute all the time."""
    clock = itertools.count(0, TICK_SECONDS)
    monkeypatch.setattr(send_threads, "process_time", lambda: next(clock))


def test_sends_that_wait_for_the_processor_are_one_threads_work(make, busy):
    turns = threading.Semaphore(0)
    sends = Sends()

    def computes(message):
        turns.acquire(timeout=1)
        return sends(message)

    computes.gate = sends.gate
    threads, _ = make(computes)
    threads.start("codes", range(20))
    for ended in range(1, 20):
        turns.release()
        wait_until(lambda ended=ended: threads.backlog == 19 - ended, 2)
        threads.grow()
    turns.release()
    collect(threads, 20)
    assert len(sends.threads) == 1


def test_sends_that_wait_while_the_process_computes_something_else_all_start(make, busy):
    sends = Sends(waits=lambda message: True)
    threads, _ = make(sends, most=16)
    threads.start("sms", range(16))
    wait_until(lambda: len(sends.begun) == 1, 20)
    for doublings in range(1, 5):
        for _ in range(STILL_TICKS + 1):
            threads.grow()
        wait_until(lambda doublings=doublings: len(sends.begun) >= 2**doublings, 20)
    assert len(sends.threads) == 16


def test_a_stuck_send_does_not_delay_those_behind_it(make):
    sends = Sends(waits=lambda message: message == 0)
    threads, _ = make(sends)
    threads.start("codes", range(3))
    wait_until(lambda: threads.grow() or len(sends.begun) == 3, 20)
    assert sorted(collect(threads, 2)) == [("codes", -2), ("codes", -1)]


def test_after_a_burst_of_slow_sends_short_ones_are_one_threads_work_again(make):
    sends = Sends(waits=lambda message: message < 64)
    threads, _ = make(sends)
    threads.start("slow", range(64))
    wait_until(lambda: threads.grow() or len(sends.begun) == 64, 20)
    sends.gate.set()
    collect(threads, 64)
    for _ in range(7):
        threads.start("short", [64])
        collect(threads, 1)
    sends.begun.clear()
    threads.start("short", range(100, 200))
    collect(threads, 100)
    assert len(sends.threads) == 1


def test_an_unexpected_error_ends_no_thread_and_logs_no_secret(make, caplog):
    def broken(message):
        if message == 1:
            raise RuntimeError("code 123456")
        return message

    broken.gate = threading.Event()
    threads, _ = make(broken)
    threads.start("codes", range(3))
    assert collect(threads, 3) == [("codes", 0), ("codes", None), ("codes", 2)]
    assert "raised an error, which it must not" in caplog.text
    assert "123456" not in caplog.text


def test_stop_lets_what_was_started_end_and_leaves_no_thread():
    before = threading.active_count()
    sends = Sends()
    threads = SendThreads(sends, 10, lambda: None)
    threads.start("codes", range(50))
    threads.stop()
    assert len(threads.take_ended()) == 50
    assert threading.active_count() == before


@pytest.mark.parametrize("kind", GREEN)
def test_greenlets_do_the_same(kind):
    command = [sys.executable, "-m", "tests.services.green", kind]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    slow, seconds, short = done.stdout.split()
    assert (int(slow), int(short)) == (200, 1), "as many greenlets as wait, and one for what does not"
    assert float(seconds) < 10, "side by side: one after the other would take a hundred seconds"


def test_with_many_waiting_the_owner_is_notified_while_they_are_sent(make):
    sends = Sends(waits=lambda message: message == MANY // 2)
    threads, rested = make(sends, 1)
    threads.start("sms", range(MANY))
    assert rested.wait(20)
    assert threads.backlog > 0
    assert len(sends.begun) >= MANY // 4


def test_with_few_waiting_the_owner_is_notified_when_all_have_started(make):
    sends = Sends(waits=lambda message: message == MANY // 2)
    threads, rested = make(sends, 1)
    threads.start("sms", range(MANY - 1))
    wait_until(lambda: len(sends.begun) == MANY // 2 + 1, 20)
    assert not rested.is_set()

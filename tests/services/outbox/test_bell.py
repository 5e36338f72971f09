import os
import threading
import time

import pytest

from domain.statuses import Lane
from services.outbox.bell import REST_SECONDS, TASK, Bell, Ringer
from services.process.breaker import Breaker
from tests.servers.thread import wait_until


class Broker:
    """A fake broker: records or refuses each bell, and can delay one."""

    def __init__(self, error=None):
        self.error = error
        self.rung = []
        self.free = threading.Event()
        self.free.set()

    def publish(self, lane):
        self.rung.append(lane)
        self.free.wait(10)
        if self.error:
            raise self.error


@pytest.fixture
def bell(app, monkeypatch):
    """Return a bell that uses the application's Celery and a fake broker."""

    def make(broker, *, eager=False, seconds=5.0):
        monkeypatch.setattr(Ringer, "_publish", lambda _ringer, lane: broker.publish(lane))
        celery = app.extensions["celery"]
        celery.conf.task_always_eager = eager
        bell = Bell(Breaker(seconds))
        bell.attach(celery)
        return bell

    return make


def test_in_eager_mode_the_lane_is_drained_here_and_now(bell, monkeypatch, app):
    drained = []
    monkeypatch.setattr(app.extensions["celery"].tasks[TASK], "apply", lambda: drained.append(1))
    broker = Broker()
    bell(broker, eager=True).ring(Lane.SMS)
    assert (drained, broker.rung) == ([1], [])


def test_a_bell_goes_to_the_queue_of_its_lane(bell):
    broker = Broker()
    one = bell(broker)
    for lane in Lane:
        one.ring(lane)
    wait_until(lambda: set(broker.rung) == set(Lane))


def test_nobody_waits_for_a_broker_and_pending_bells_are_merged(bell):
    broker = Broker()
    broker.free.clear()
    one = bell(broker)
    began = time.monotonic()
    for _ in range(100):
        one.ring(Lane.SMS)
    assert time.monotonic() - began < 5
    wait_until(lambda: len(broker.rung) == 1)
    one.ring(Lane.SMS)  # committed after the first bell was sent: it must be heard, too
    broker.free.set()
    wait_until(lambda: len(broker.rung) == 2)
    time.sleep(0.05)
    assert len(broker.rung) == 2


def test_bells_that_come_all_the_time_are_rung_now_and_then(bell):
    broker = Broker()
    one = bell(broker)
    began = time.monotonic()
    for _ in range(200):
        one.ring(Lane.SMS)
        time.sleep(0.0005)
    rests = (time.monotonic() - began) / REST_SECONDS
    assert 1 < len(broker.rung) <= rests + 1
    rung = len(broker.rung)
    wait_until(lambda: not one._ringers[os.getpid()]._is_busy)
    one.ring(Lane.SMS)
    wait_until(lambda: len(broker.rung) > rung)


def test_a_bell_that_can_not_be_rung_is_no_error_and_is_not_tried_for_a_while(bell):
    broker = Broker(ConnectionError("no broker"))
    one = bell(broker, seconds=60)
    one.ring(Lane.SMS)
    wait_until(lambda: one._breaker.is_open)
    for _ in range(10):
        one.ring(Lane.SMS)
    time.sleep(0.05)
    assert broker.rung == [Lane.SMS]


def test_after_the_pause_it_is_rung_again(bell):
    broker = Broker(ConnectionError("no broker"))
    one = bell(broker, seconds=0)
    for count in (1, 2):
        one.ring(Lane.SMS)
        wait_until(lambda count=count: len(broker.rung) == count)


def test_a_child_process_rings_with_a_thread_of_its_own(bell, monkeypatch):
    broker = Broker()
    one = bell(broker)
    one.ring(Lane.SMS)
    wait_until(lambda: len(broker.rung) == 1)
    monkeypatch.setattr("services.outbox.bell.os.getpid", lambda: -1)
    one.ring(Lane.SMS)
    wait_until(lambda: len(broker.rung) == 2)
    assert len(one._ringers) == 2

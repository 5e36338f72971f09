"""The thread that looks again and again, in one process at a time."""

import threading
import time
from datetime import timedelta

import pytest

from exts import db
from models import Lease, clock
from services.process.patrol import Patrol
from services.storage import leases

pytestmark = pytest.mark.usefixtures("context")
NAME = "looker"


@pytest.fixture
def start():
    """Start a patrol and return the times at which it looked."""
    running = []

    def start(look=lambda now: None, **more):
        looks = []

        def noted(now):
            looks.append(now)
            look(now)

        patrol = Patrol(db.engine, NAME, noted, every=0.01, first=0.01, **more)
        patrol.start()
        running.append(patrol)
        return patrol, looks

    yield start
    for patrol in running:
        patrol.stop()


def until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def held():
    db.session.rollback()
    return [lease.name for lease in db.session.query(Lease)]


def test_it_looks_again_and_again_until_it_is_stopped(start):
    patrol, looks = start()
    until(lambda: len(looks) > 2)
    assert held() == [NAME]
    patrol.stop()
    assert held() == []
    assert NAME not in [thread.name for thread in threading.enumerate()]


def test_it_leaves_the_look_to_the_one_that_has_the_lease(start):
    leases.hold(db.engine, NAME, "another", timedelta(minutes=1), clock.now())
    _, looks = start()
    time.sleep(0.1)
    assert looks == []
    leases.release(db.engine, NAME, "another")
    until(lambda: looks)


def test_it_takes_no_lease_while_it_is_not_needed(start):
    asked = []
    _, looks = start(is_needed=lambda now: bool(asked.append(now)))
    until(lambda: len(asked) > 2)
    assert looks == held() == []


def test_it_survives_a_look_that_fails_and_says_where(start, caplog):
    _, looks = start(lambda now: 1 / 0)
    until(lambda: len(looks) > 2)
    assert f"{NAME} can't look: ZeroDivisionError at" in caplog.text

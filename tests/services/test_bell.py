import threading

import pytest

from domain.statuses import Lane
from services.bell import Bell
from services.breaker import Breaker


class Task:
    """Stands for the drain's task; remembers or refuses each publication."""

    def __init__(self, error=None):
        self.error = error
        self.published = []
        self.applied = 0

    def apply(self):
        self.applied += 1

    def apply_async(self, **options):
        self.published.append(options["queue"])
        if self.error:
            raise self.error


@pytest.fixture
def rung(app):
    """Return a bell on the application's Celery whose task is a fake one."""

    def make(task, *, eager, seconds=5.0):
        celery = app.extensions["celery"]
        celery.conf.task_always_eager = eager
        bell = Bell(Breaker(seconds))
        bell.attach(celery)
        bell._task = lambda: task
        return bell

    return make


def test_in_eager_mode_the_lane_is_drained_here_and_now(rung):
    task = Task()
    rung(task, eager=True).ring(Lane.SMS)
    assert (task.applied, task.published) == (1, [])


def test_a_bell_goes_to_the_queue_of_its_lane(rung):
    task = Task()
    bell = rung(task, eager=False)
    for lane in Lane:
        bell.ring(lane)
    assert task.published == ["sms", "email", "bulk"]


def test_a_bell_that_can_not_be_rung_is_no_error_and_is_not_tried_for_a_while(rung):
    task = Task(ConnectionError("no broker"))
    bell = rung(task, eager=False)
    for _ in range(10):
        bell.ring(Lane.SMS)
    assert task.published == ["sms"]


def test_after_the_pause_it_is_rung_again(rung):
    task = Task(ConnectionError("no broker"))
    bell = rung(task, eager=False, seconds=0)
    bell.ring(Lane.SMS)
    bell.ring(Lane.SMS)
    assert task.published == ["sms", "sms"]


def test_many_threads_may_ring_at_once(rung):
    task = Task()
    bell = rung(task, eager=False)
    threads = [threading.Thread(target=bell.ring, args=(Lane.SMS,)) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(task.published) == 30

"""Ring for a worker after a commit. A bell that can't be rung is no error: the worker looks by itself every second."""

import logging
import os
from typing import Any

from celery import Celery
from kombu import Connection
from kombu.pools import ProducerPool

from domain.statuses import Lane
from services.breaker import Breaker

log = logging.getLogger(__name__)
TASK = "sendcode.drain"
SOCKET_SECONDS = 0.1
PRODUCERS = 16


class Bell:
    """Rings through connections of its own: short time-outs that a worker's own connection must not have."""

    def __init__(self, breaker: Breaker):
        self._breaker = breaker
        self._celery: Celery | None = None
        self._pool: ProducerPool | None = None
        self._pid = 0

    def attach(self, celery: Celery) -> None:
        """Ring through this Celery application from now on."""
        self._celery = celery

    def ring(self, lane: Lane) -> None:
        """Tell a worker of this lane that something is due; take at most a fifth of a second and raise nothing.

        With `CELERY_TASK_ALWAYS_EAGER` the lane is drained here and now.
        """
        assert self._celery is not None, "make_celery(app) comes first"
        task = self._task()
        if self._celery.conf.task_always_eager:
            task.apply()
        elif not self._breaker.is_open:
            self._publish(task, lane)

    def _task(self) -> Any:
        assert self._celery is not None
        return self._celery.tasks[TASK]

    def _publish(self, task: Any, lane: Lane) -> None:
        try:
            with self._producers().acquire(block=True, timeout=SOCKET_SECONDS) as producer:
                task.apply_async(
                    queue=lane.value, producer=producer, ignore_result=True, retry=False, expires=60
                )
        except Exception as error:  # noqa: BLE001 - whatever the broker's library raises, the row is safe
            self._breaker.trip()
            log.warning(
                "the broker could not be reached (%s): workers look by themselves", type(error).__name__
            )

    def _producers(self) -> ProducerPool:
        if self._pool is None or self._pid != os.getpid():
            assert self._celery is not None
            connections = impatient_connection(self._celery).Pool(limit=PRODUCERS)
            self._pool = ProducerPool(connections, limit=PRODUCERS, Producer=self._celery.amqp.Producer)
            self._pid = os.getpid()
        return self._pool


def impatient_connection(celery: Celery, seconds: float = SOCKET_SECONDS) -> Connection:
    """Return a connection that gives up at once, on Redis and AMQP alike."""
    options = {
        **(celery.conf.broker_transport_options or {}),
        "socket_timeout": seconds,
        "socket_connect_timeout": seconds,
        "read_timeout": seconds,
        "write_timeout": seconds,
        "connect_timeout": seconds,
        "max_retries": 0,
    }
    return celery.connection_for_write(connect_timeout=seconds, transport_options=options, heartbeat=0)

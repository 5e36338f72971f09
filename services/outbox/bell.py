"""Ring for a worker after a commit. A bell that can't be rung is no error: workers poll the database every second."""

import logging
import os
import threading
import time
from contextlib import suppress
from functools import partial
from typing import Any

from celery import Celery
from kombu import Connection, Producer
from kombu.utils.uuid import uuid

from domain.statuses import Lane
from services.process.breaker import Breaker
from services.process.broker_connections import impatient_connection
from services.storage import joint

log = logging.getLogger(__name__)
TASK = "sendcode.drain"
REST_SECONDS = 0.02
"""Bells of one lane within this time are merged into one: the drain looks until nothing is due."""


class Bell:
    """Rings from a thread of its own, one per process, so that no caller waits for the broker."""

    def __init__(self, breaker: Breaker):
        self._breaker = breaker
        self._celery: Celery | None = None
        self._ringers: dict[int, Ringer] = {}

    def attach(self, celery: Celery) -> None:
        """Ring through this Celery application from now on."""
        self._celery = celery

    def ring(self, lane: Lane) -> None:
        """Tell a worker of this lane that something is due, once it is committed; wait for nothing and raise nothing.

        With `CELERY_TASK_ALWAYS_EAGER` the lane is drained here and now.
        """
        joint.after_commit(partial(self._ring, lane))

    def _ring(self, lane: Lane) -> None:
        assert self._celery is not None, "make_celery(app) comes first"
        if self._celery.conf.task_always_eager:
            self._celery.tasks[TASK].apply()
        elif not self._breaker.is_open:
            self._ringer(self._celery).ask(lane)

    def _ringer(self, celery: Celery) -> "Ringer":
        """Return the ringer of this process: threads and connections don't survive a fork."""
        found = self._ringers.get(os.getpid())
        if found is None:
            mine = Ringer(celery, self._breaker)
            found = self._ringers.setdefault(os.getpid(), mine)
            if found is mine:
                mine.start()
        return found


class Ringer(threading.Thread):
    """Publishes the requested bells through its own connection, whose timeouts are short."""

    def __init__(self, celery: Celery, breaker: Breaker):
        super().__init__(name="sendcode-bell", daemon=True)
        self._celery = celery
        self._breaker = breaker
        self._lanes: set[Lane] = set()
        self._asked = threading.Event()
        self._is_busy = False
        self._connection: Connection | None = None
        self._producer: Producer | None = None
        self._declared: set[Lane] = set()

    def ask(self, lane: Lane) -> None:
        """Request a bell for a lane, rung at once unless one has just rung; the row must be committed by now."""
        self._lanes.add(lane)
        if not self._is_busy:
            self._asked.set()
            # yields, so that the ringer runs now: the caller would hold the interpreter until it has answered
            time.sleep(0)

    def run(self) -> None:
        """Ring forever; a lane is removed before its bell rings, so that a later commit rings again."""
        while True:
            self._asked.wait()
            self._asked.clear()
            while self._lanes:
                self._is_busy = True
                for _ in range(len(self._lanes)):
                    self._ring(self._lanes.pop())
                time.sleep(REST_SECONDS)
                self._is_busy = False  # before it looks again: a later request wakes it

    def _ring(self, lane: Lane) -> None:
        if self._breaker.is_open:
            return
        try:
            self._publish(lane)
        except Exception as error:  # noqa: BLE001 - whatever the broker's library raises, the row is safe
            self._breaker.trip()
            self._hang_up()
            log.warning(
                "the broker could not be reached (%s): workers poll by themselves", type(error).__name__
            )

    def _publish(self, lane: Lane) -> None:
        """Publish the task as `apply_async` does, without the lookups it repeats for each task: a third of the time."""
        amqp = self._celery.amqp
        if self._producer is None:
            self._connection = impatient_connection(self._celery)
            self._producer = amqp.Producer(self._connection, auto_declare=False)
            _keep_one_client(self._producer.channel)
        message = amqp.as_task_v2(uuid(), TASK, ignore_result=True, expires=60)
        self._producer.publish(
            message.body,
            routing_key=lane.value,
            declare=None if lane in self._declared else [amqp.queues[lane.value]],
            headers=message.headers,
            serializer=self._celery.conf.task_serializer,
            retry=False,
            **message.properties,
        )
        self._declared.add(lane)

    def _hang_up(self) -> None:
        connection, self._connection, self._producer = self._connection, None, None
        self._declared.clear()
        if connection is not None:
            with suppress(Exception):
                connection.release()


def _keep_one_client(channel: Any) -> None:
    """Let a Redis channel publish with one client; kombu makes one per message, which takes as long as the rest."""
    if hasattr(channel, "Client"):
        client = channel.Client(connection_pool=channel.pool)
        channel.Client = lambda **_: client

"""Look for what keeps messages from being sent, and have people told of it.

One process at a time looks, whichever has the lease: a worker, which also sees that the clock is gone; or the clock
while no worker is alive. Where no worker takes mails, it sends its own itself.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from flask import Flask

from domain.statuses import Lane
from exts import db
from services.alarms import conditions, incidents, mails
from services.alarms.conditions import IsOpen, Untaken
from services.alarms.mails import AlarmMails
from services.gateways.gateway_health import GatewayHealth
from services.outbox.bell import Bell
from services.process import health
from services.process.freshness import Fresh
from services.process.parts import part
from services.process.patrol import Patrol

LEASE = "alarms"
LOOK_SECONDS = 10.0
ASK_BROKER_SECONDS = 30.0
"""A broker logs each connection."""
SendHere = Callable[[Sequence[str]], None]
"""Sends messages by their ids without a worker."""


class AlarmWatch:
    """Looks once. `send_here`: how this process sends the mails itself, where no worker takes them."""

    def __init__(self, app: Flask, is_open: IsOpen, send_here: SendHere):
        self._app, self._is_open, self._send_here = app, is_open, send_here
        self._mails = AlarmMails(is_open)
        self._broker_answers = Fresh(health.broker_answers, ASK_BROKER_SECONDS).get

    def __call__(self, now: datetime) -> None:
        with self._app.app_context():
            alarms = conditions.look(now, is_open=self._is_open, broker_answers=self._broker_answers)
            incidents.follow(db.engine, alarms, now, self._mails)
            if self._mails.has_put:
                self._mails.has_put = False
                part(Bell).ring(Lane.EMAIL)
            has_worker = not any(
                isinstance(one.about, Untaken) and Lane.EMAIL in one.about.lanes for one in alarms
            )
            if not has_worker:
                with db.engine.connect() as connection:
                    ids = mails.waiting(connection, now)
                self._send_here(ids)


def of_worker(app: Flask, send_here: SendHere) -> Patrol:
    """Return the thread that looks in a worker, not started yet; the application's context is the caller's."""
    watch = AlarmWatch(app, part(GatewayHealth).is_open, send_here)
    return Patrol(db.engine, LEASE, watch, every=LOOK_SECONDS)


def of_clock(app: Flask, send_here: SendHere) -> Patrol:
    """Return the same for the clock, which looks while no worker is alive.

    Without Redis it knows no circuit breaker, which is why it leaves the rest to workers.
    """
    engine = db.engine

    def is_needed(now: datetime) -> bool:
        with engine.connect() as connection:
            return not health.is_seen(connection, "worker", now)

    watch = AlarmWatch(app, part(GatewayHealth).tells_of_all, send_here)
    return Patrol(engine, LEASE, watch, every=LOOK_SECONDS, process="beat", is_needed=is_needed)

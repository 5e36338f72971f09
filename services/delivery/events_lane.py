"""The lane of events of a worker process, with what it looks for beside posting: also the steps of fallbacks."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import Engine

from domain.keyring import Keyring
from exts import db
from services.codes.due_steps import DueSteps
from services.codes.telling import erase_and_tell
from services.events.listeners import Listeners
from services.gateways.gateway_health import GatewayHealth
from services.process.housekeeping import process_name
from services.process.parts import part
from services.roster.roster import Roster
from services.webhooks import endpoint_views
from services.webhooks.courier import Courier, Duty
from services.webhooks.posting import Poster
from services.webhooks.watching import FinishedBroadcasts, GatewayWatch

ERASE_EVERY = timedelta(seconds=10)
LOOK_AT_ALL_EVERY = timedelta(days=1)
"""What a look has missed, whatever the reason, keeps its code no longer."""


def courier(app: Flask, more: Sequence[Duty] = ()) -> Courier:
    """Return the courier of this process, not started yet; the application's context is the caller's.

    `more`: duties of rooms above this one.
    """
    engine, listeners = db.engine, part(Listeners)
    roster = part(Roster)
    duties: list[Duty] = [
        DueSteps(app, engine),
        ExpiredCodes(engine, listeners),
        FinishedBroadcasts(engine, listeners),
        GatewayWatch(
            engine,
            listeners,
            part(GatewayHealth),
            lambda: {one.name: one.channel.value for one in roster.gateways},
            process_name("worker"),
        ),
        *more,
    ]
    return Courier(engine, Poster(part(Keyring), endpoint_views.rules(app.config)), duties)


class ExpiredCodes:
    """Erases the codes of expired verifications, and tells of them."""

    def __init__(self, engine: Engine, listeners: Listeners):
        self._engine, self._listeners = engine, listeners
        self._looked_at: datetime | None = None
        self._looked_at_all: datetime | None = None

    def __call__(self, now: datetime) -> None:
        if self._looked_at is not None and now < self._looked_at:
            self._looked_at = self._looked_at_all = None  # a clock was set back
        if self._looked_at is not None and now < self._looked_at + ERASE_EVERY:
            return
        is_of_all = self._looked_at_all is None or now >= self._looked_at_all + LOOK_AT_ALL_EVERY
        erase_and_tell(self._listeners, self._engine, now, None if is_of_all else self._looked_at)
        self._looked_at, self._looked_at_all = now, now if is_of_all else self._looked_at_all

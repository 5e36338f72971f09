"""Can this installation do its work now? Database, broker, oldest due message, a live worker."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from domain.statuses import FLOWS
from exts import db
from models import Message, SeenProcess, clock
from services.process.broker_connections import impatient_connection
from services.process.freshness import once_in
from services.storage.transactions import Writer

log = logging.getLogger(__name__)
LOOK_EVERY_SECONDS = 1.0
ASK_BROKER_EVERY_SECONDS = 5.0
BROKER_SECONDS = 0.5
LONGEST_WAIT = timedelta(seconds=30)
SEEN_WITHIN = timedelta(seconds=15)
MOST_SKEW_SECONDS = 2.0
"""A clock this far off is corrected, but its machine needs NTP."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One health check; `detail` names no host, address or secret, because anybody may read it."""

    name: str
    ok: bool
    detail: str


def broker_answers() -> bool:
    """Tell whether the broker answered a moment ago; every page asks, so the broker is asked more rarely.

    In eager mode there is none to ask.
    """
    if current_app.extensions["celery"].conf.task_always_eager:
        return True
    return _broker_a_moment_ago().ok


def is_seen(reader: Writer, kind: str, now: datetime) -> bool:
    """Tell whether a process was alive a moment ago: a `worker` or a `beat`."""
    alive = select(SeenProcess.name).where(SeenProcess.kind == kind).limit(1)
    return reader.execute(alive.where(SeenProcess.seen_at >= now - SEEN_WITHIN)).first() is not None


def lanes_taken(reader: Writer, now: datetime) -> frozenset[str] | None:
    """Return the lanes of the workers that were alive a moment ago; None where there is none."""
    alive = select(SeenProcess.lanes).where(SeenProcess.kind == "worker").distinct()
    rows = reader.execute(alive.where(SeenProcess.seen_at >= now - SEEN_WITHIN)).scalars().all()
    return frozenset(lane for lanes in rows for lane in lanes.split(",")) if rows else None


_OLDEST_DUE = [
    select(func.min(Message.due_at))
    .where(Message.priority == int(priority), Message.lane == lane.value, Message.due_at.is_not(None))
    .scalar_subquery()
    for priority, lane in FLOWS
]
"""Each reads one index entry, however many messages wait."""


@once_in(LOOK_EVERY_SECONDS)
def look() -> list[Finding]:
    """Return a finding for each check; looks at most once a second, so that frequent polling does no harm."""
    return [*_look_at_database(clock.now()), _look_at_broker()]


def _look_at_database(now: datetime) -> list[Finding]:
    last_seen = select(func.max(SeenProcess.seen_at)).where(SeenProcess.kind == "worker").scalar_subquery()
    lately = SeenProcess.seen_at >= now - SEEN_WITHIN
    most_ahead = select(func.max(func.abs(SeenProcess.ahead_ms))).where(lately).scalar_subquery()
    try:
        with db.engine.connect() as connection:
            *due, seen_at, off = connection.execute(select(*_OLDEST_DUE, last_seen, most_ahead)).one()
    except SQLAlchemyError as error:
        log.error("the database did not answer: %s", type(error).__name__)
        unknown = "not known while the database does not answer"
        return [
            Finding("database", False, "does not answer"),
            Finding("oldest_due_message", False, unknown),
            Finding("worker", False, unknown),
            Finding("clock", True, unknown),
        ]
    return [
        Finding("database", True, "answers"),
        _judge_wait(min(filter(None, due), default=None), now),
        _judge_worker(seen_at, now),
        _judge_clocks(max(abs(clock.ahead() or 0), (off or 0) / 1000)),
    ]


def _judge_wait(due_at: datetime | None, now: datetime) -> Finding:
    waited = max(timedelta(0), now - due_at) if due_at else timedelta(0)
    detail = f"has waited {waited.total_seconds():.0f} s" if waited else "nothing waits"
    return Finding("oldest_due_message", waited <= LONGEST_WAIT, detail)


def _judge_worker(seen_at: datetime | None, now: datetime) -> Finding:
    if seen_at is None:
        return Finding("worker", False, "none was ever seen")
    ago = max(timedelta(0), now - seen_at)
    return Finding("worker", ago <= SEEN_WITHIN, f"seen {ago.total_seconds():.0f} s ago")


def _judge_clocks(seconds: float) -> Finding:
    """Tell by how much the worst clock is off, ours or that of a worker or beat; codes still arrive in time."""
    if seconds <= MOST_SKEW_SECONDS:
        return Finding("clock", True, "agrees with the database's")
    return Finding("clock", True, f"a machine's is {seconds:.0f} s off the database's, which is used instead")


def _look_at_broker() -> Finding:
    try:
        with impatient_connection(current_app.extensions["celery"], BROKER_SECONDS) as connection:
            connection.default_channel  # noqa: B018 - connects and shakes hands, unlike connect() without retries
    except Exception as error:  # noqa: BLE001 - every transport has errors of its own
        log.warning("the broker did not answer: %s", type(error).__name__)
        return Finding("broker", False, f"does not answer within {BROKER_SECONDS} s")
    return Finding("broker", True, "answers")


_broker_a_moment_ago = once_in(ASK_BROKER_EVERY_SECONDS)(_look_at_broker)

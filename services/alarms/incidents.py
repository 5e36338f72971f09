"""From alarms to incidents: people are told once when something goes wrong, and once when it is over.

Each step is one UPDATE that finds the state before it, and puts the mails into the outbox in its transaction: of many
workers on many machines, one does it.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, Engine, Update, insert, select, update
from sqlalchemy.exc import IntegrityError

from domain import alarms as rules
from domain.alarms import Kind
from models import Incident
from services.alarms.conditions import Alarm

log = logging.getLogger(__name__)
incidents = Incident.__table__


@dataclass(frozen=True, slots=True)
class Over:
    """An incident that is over, and when it was noticed last."""

    kind: Kind
    subject: str
    began_at: datetime
    seen_at: datetime


class Tell(Protocol):
    """Puts mails into the outbox, in the transaction of the step that they tell of."""

    def begun(self, connection: Connection, alarm: Alarm, began_at: datetime, now: datetime) -> None:
        """Tell people of what is wrong."""

    def over(self, connection: Connection, over: Over, now: datetime) -> None:
        """Tell people that it is over."""

    def is_known(self, kind: Kind) -> bool:
        """Tell whether it can be known at all just now what is wrong of this kind."""

    def is_well(self, kind: Kind, subject: str) -> bool:
        """Tell whether what is no longer wrong is well, so that people may be told so."""


def follow(engine: Engine, alarms: Sequence[Alarm], now: datetime, tell: Tell) -> None:
    """Compare what is wrong now with what was wrong before, and tell people of the difference.

    While all is well and was before, this reads once and writes nothing.
    """
    with engine.connect() as connection:
        known = {(row.kind, row.subject): row for row in connection.execute(select(incidents))}
    for alarm in alarms:
        if alarm.kind not in rules.UNTOLD:
            _notice(engine, alarm, known.get((alarm.kind, alarm.subject)), now, tell)
    for row in known.values():
        if row.ended_at is None:
            _end(engine, row, now, tell)


def _notice(engine: Engine, alarm: Alarm, row: Any, now: datetime, tell: Tell) -> None:
    """Begin or go on with an incident, and tell people once it has lasted long enough."""
    began_at: datetime | None
    if row is None or row.ended_at is not None:
        began_at = None if alarm.is_implied else _begin(engine, alarm, row, now)
    else:
        began_at = row.began_at if row.told_at is None else None
        if not alarm.at <= row.seen_at <= now:  # after `now`: a clock was set back
            with engine.begin() as connection:
                connection.execute(_change(alarm.kind, alarm.subject).values(seen_at=alarm.at))
    if began_at is None or not rules.is_told(alarm.kind, now - began_at):
        return
    untold = (incidents.c.told_at.is_(None), incidents.c.ended_at.is_(None))
    with engine.begin() as connection:
        if connection.execute(_change(alarm.kind, alarm.subject, *untold).values(told_at=now)).rowcount:
            log.warning("alarm: %s %s", alarm.kind, alarm.subject)
            tell.begun(connection, alarm, began_at, now)


def _begin(engine: Engine, alarm: Alarm, before: Any, now: datetime) -> datetime | None:
    """Begin an incident and return its beginning; None where it has ended before, or another process was faster."""
    if now - alarm.at > rules.calm(alarm.kind, is_told=True, is_again=False):
        return None  # all was well again before anybody looked
    began_at = min(alarm.since or alarm.at, now)
    values: dict[str, Any] = {"seen_at": alarm.at, "told_at": None, "ended_at": None}
    if before is None:
        values |= {
            "kind": alarm.kind.value,
            "subject": alarm.subject,
            "began_at": began_at,
            "is_again": False,
        }
        try:
            with engine.begin() as connection:
                connection.execute(insert(incidents).values(**values))
        except IntegrityError:
            return None
        return began_at
    if alarm.at <= before.seen_at <= now:
        return None
    began_at = max(began_at, min(before.ended_at, now))
    is_again = (before.told_at is not None or before.is_again) and now - before.ended_at < rules.QUIET
    unchanged = incidents.c.ended_at == before.ended_at
    begin = _change(alarm.kind, alarm.subject, unchanged).values(
        **values, began_at=began_at, is_again=is_again
    )
    with engine.begin() as connection:
        return began_at if connection.execute(begin).rowcount else None


def _end(engine: Engine, row: Any, now: datetime, tell: Tell) -> None:
    """End an incident of which nothing was noticed for a while."""
    if row.kind not in set(Kind):
        return  # a newer release's
    kind, was_told = Kind(row.kind), row.told_at is not None
    if row.seen_at > now - rules.QUIET and not tell.is_known(kind):
        return
    if row.seen_at > now:  # a clock was set back
        with engine.begin() as connection:
            seen_so = incidents.c.seen_at == row.seen_at
            connection.execute(_change(kind, row.subject, seen_so).values(seen_at=now))
        return
    if row.seen_at > now - rules.calm(kind, is_told=was_told, is_again=row.is_again):
        return
    is_as_read = (
        incidents.c.ended_at.is_(None),
        incidents.c.seen_at == row.seen_at,
        incidents.c.told_at.is_not(None) if was_told else incidents.c.told_at.is_(None),
    )
    is_worth_telling = was_told and kind not in rules.ENDS_BY_ITSELF and tell.is_well(kind, row.subject)
    end = _change(kind, row.subject, *is_as_read).values(ended_at=now)
    with engine.begin() as connection:
        if connection.execute(end).rowcount and is_worth_telling:
            log.warning("the alarm is over: %s %s", kind, row.subject)
            tell.over(connection, Over(kind, row.subject, row.began_at, row.seen_at), now)


def _change(kind: Kind, subject: str, *conditions: ColumnElement[bool]) -> Update:
    return update(incidents).where(
        incidents.c.kind == kind.value, incidents.c.subject == subject, *conditions
    )

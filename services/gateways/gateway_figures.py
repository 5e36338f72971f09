"""Figures of each gateway for the last hour and errors of the last day.

They are counted from messages and tries when a page asks, and then cached.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from exts import db
from models import Message, MessageTry
from services.process.freshness import once_in

COUNT_EVERY_SECONDS = 3.0
PERIOD = timedelta(hours=1)
"""Rows of the last hour are adjacent in an index, so counting stays cheap however long rows are kept."""
DAY = timedelta(days=1)
COUNT_DAY_EVERY_SECONDS = 20.0
NEWEST = 20_000
"""Tries of the last day that are counted: during an outage there are many more."""
REFUSED = "refused"
"""The answer of a working gateway that rejects the message itself."""


@dataclass(frozen=True, slots=True)
class ErrorFigure:
    """One kind of error and how often it came; `answer` is the code of its class in domain/gateway_errors.py."""

    answer: str
    reason: str
    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Figures:
    """The results of the hand-overs to one gateway."""

    sent: int = 0
    mean: timedelta | None = None
    """Mean time that an accepted hand-over took."""
    slowest: timedelta | None = None
    errors: tuple[ErrorFigure, ...] = ()

    @property
    def failed(self) -> int:
        """How many hand-overs failed through the gateway's fault."""
        return sum(error.count for error in self.errors if error.answer != REFUSED)

    @property
    def refused(self) -> int:
        """How many messages a working gateway refused."""
        return sum(error.count for error in self.errors if error.answer == REFUSED)

    @property
    def asked(self) -> int:
        """How many hand-overs there were."""
        return self.sent + self.failed + self.refused

    @property
    def error_rate(self) -> float | None:
        """The share of hand-overs that failed through the gateway's fault; None where there were none."""
        return self.failed / self.asked if self.asked else None


@dataclass(frozen=True, slots=True)
class DayOfErrors:
    """The errors of the last 24 hours by gateway; `is_cut`: older ones were not counted."""

    errors: Mapping[str, Sequence[ErrorFigure]]
    is_cut: bool


@once_in(COUNT_DAY_EVERY_SECONDS)
def of_day() -> DayOfErrors:
    """Return the errors of the last 24 hours; counts at most three times a minute."""
    columns = (MessageTry.gateway, MessageTry.answer, MessageTry.reason, MessageTry.at)
    asked = select(*columns).where(MessageTry.at > datetime.now(UTC) - DAY, MessageTry.gateway.is_not(None))
    newest = asked.order_by(MessageTry.at.desc()).limit(NEWEST).subquery()
    with db.engine.connect() as connection:
        errors = _errors(connection, newest.c)
    return DayOfErrors(errors, sum(one.count for found in errors.values() for one in found) == NEWEST)


@once_in(COUNT_EVERY_SECONDS)
def lately() -> Mapping[str, Figures]:
    """Return the figures of the last hour by gateway; counts at most every three seconds."""
    since = datetime.now(UTC) - PERIOD
    with db.engine.connect() as connection:
        figures, errors = (
            _sent(connection, since),
            _errors(connection, MessageTry, MessageTry.at > since, MessageTry.gateway.is_not(None)),
        )
    return {
        name: replace(figures.get(name, Figures()), errors=tuple(errors.get(name, ())))
        for name in {*figures, *errors}
    }


def _sent(connection: Connection, since: datetime) -> dict[str, Figures]:
    rows = connection.execute(
        select(Message.gateway, func.count(), func.avg(Message.took_ms), func.max(Message.took_ms))
        .where(Message.created_at > since, Message.sent_at.is_not(None), Message.gateway.is_not(None))
        .group_by(Message.gateway)
    )
    return {str(name): Figures(count, _length(mean), _length(most)) for name, count, mean, most in rows}


def _length(milliseconds: float | None) -> timedelta | None:
    return None if milliseconds is None else timedelta(milliseconds=float(milliseconds))


def _errors(
    connection: Connection, of: Any, *conditions: ColumnElement[bool]
) -> dict[str, list[ErrorFigure]]:
    """Return each gateway's errors, the most frequent first; `of` has the columns of tries."""
    kind = (of.gateway, of.answer, of.reason)
    rows = connection.execute(
        select(*kind, func.count(), func.max(of.at))
        .where(*conditions)
        .group_by(*kind)
        .order_by(func.count().desc(), func.max(of.at).desc())
    )
    found: dict[str, list[ErrorFigure]] = {}
    for name, answer, reason, count, last_at in rows:
        found.setdefault(str(name), []).append(ErrorFigure(answer, reason, count, last_at))
    return found

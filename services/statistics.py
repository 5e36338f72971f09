"""What became of a key's messages and codes, day by day: counted in the database, a row a day, channel and gateway."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, func, literal_column, select, type_coerce

from domain.statuses import MessageStatus
from exts import db
from models import Message, Verification

MOST_DAYS = 90
_EPOCH = date(1970, 1, 1)
_DAY = literal_column("86400000000", BigInteger)
"""A day in the microseconds of our columns. No bound value: PostgreSQL groups only by the very text that it reads."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Messages by their status now, and what became of the codes that were issued."""

    messages: Mapping[MessageStatus, int] = field(default_factory=dict)
    issued: int = 0
    approved: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        messages = Counter(self.messages) + Counter(other.messages)
        return Tally(messages, self.issued + other.issued, self.approved + other.approved)

    @property
    def conversion(self) -> float | None:
        """Which share of the codes was entered rightly; None where none was issued."""
        return round(self.approved / self.issued, 4) if self.issued else None


@dataclass(frozen=True, slots=True)
class Group:
    """One day (UTC), channel and gateway; None is no gateway yet, or none that was ever asked."""

    day: date
    channel: str
    gateway: str | None


@dataclass(frozen=True, slots=True)
class Statistics:
    """The tallies of some days, oldest first, and their sum; groups in which nothing happened are left out."""

    since: datetime
    until: datetime
    total: Tally
    groups: list[tuple[Group, Tally]]


def of_owner(owner: str, days: int, now: datetime | None = None) -> Statistics:
    """Return what became of what `owner` made today (UTC) and on the days before, `days` in all."""
    until = now or datetime.now(UTC)
    midnight = until.replace(hour=0, minute=0, second=0, microsecond=0)
    since = midnight - timedelta(days=days - 1)
    with db.engine.connect() as connection:
        groups = _merged([*_messages(connection, owner, since), *_verifications(connection, owner, since)])
    return Statistics(since, until, sum((tally for _, tally in groups), Tally()), groups)


def _messages(connection: Connection, owner: str, since: datetime) -> Iterable[tuple[Group, Tally]]:
    """Count messages by the day on which they were made."""
    day = _day(Message.created_at)
    columns = (day, Message.channel, Message.gateway, Message.status)
    rows = connection.execute(
        select(*columns, func.count())
        .where(Message.owner == owner, Message.created_at >= since)
        .group_by(*columns)
    )
    for number, channel, gateway, status, count in rows:
        yield Group(_date(number), channel, gateway), Tally({MessageStatus(status): count})


def _verifications(connection: Connection, owner: str, since: datetime) -> Iterable[tuple[Group, Tally]]:
    """Count codes by the day on which they were issued, each for the gateway that was last given it.

    They are found by their newest message: messages have the index by owner and time, and no insert pays for another.
    """
    day = _day(Verification.created_at)
    columns = (day, Verification.channel, Message.gateway)
    rows = connection.execute(
        select(*columns, func.count(), func.count(Verification.used_at))
        .join(Message, (Message.verification_id == Verification.id) & (Message.id == Verification.message_id))
        .where(Message.owner == owner, Message.created_at >= since, Verification.created_at >= since)
        .group_by(*columns)
    )
    for number, channel, gateway, issued, approved in rows:
        yield Group(_date(number), channel, gateway), Tally(issued=issued, approved=approved)


def _day(column: Any) -> ColumnElement[int]:
    """Return the microsecond on which the day of a time began.

    A remainder is whole on every database; MariaDB rounds a quotient, and the last seconds of a day into the next.
    """
    number = type_coerce(column, BigInteger)
    return number - number % _DAY


def _date(number: int) -> date:
    return _EPOCH + timedelta(microseconds=number)


def _merged(found: Iterable[tuple[Group, Tally]]) -> list[tuple[Group, Tally]]:
    tallies: dict[Group, Tally] = {}
    for group, tally in found:
        tallies[group] = tallies.get(group, Tally()) + tally
    return sorted(tallies.items(), key=lambda one: (one[0].day, one[0].channel, one[0].gateway or ""))

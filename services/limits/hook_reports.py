"""How the codes of hooks arrive, by prefix: a server never tells whether one was entered, but carriers report."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    case,
    exists,
    func,
    literal_column,
    select,
    type_coerce,
)

from domain import pumping
from domain.pumping import Rule
from domain.statuses import Channel, MessageStatus, Priority
from models import Hook, Message
from models.types import microseconds

messages = Message.__table__
_LAST: ColumnElement[int] = literal_column(str(pumping.LAST_DIGITS))
PREFIX = func.substr(messages.c.canonical, literal_column("1"), func.length(messages.c.canonical) - _LAST)
"""No bound values: PostgreSQL accepts a GROUP BY only where its text is the same as in the SELECT."""
_REPORTED = (MessageStatus.DELIVERED.value, MessageStatus.UNDELIVERED.value)


@dataclass(frozen=True, slots=True)
class Conversion:
    """How many codes went to a prefix, and how many of them were entered; of hooks, how many were delivered."""

    prefix: str
    country: str | None
    sends: int
    approved: int


def unreachable(connection: Connection, rule: Rule, since: datetime) -> Mapping[str, Conversion]:
    """Return the prefixes whose codes of hooks break the rule: enough were reported, and too few as delivered.

    A carrier that reports nothing makes no prefix suspect.
    """
    if not connection.scalar(select(exists().where(Hook.last_used_at >= since))):
        return {}
    delivered = func.sum(case((messages.c.status == MessageStatus.DELIVERED.value, 1), else_=0))
    found = (
        select(PREFIX, func.max(messages.c.country), func.count(), delivered)
        .where(messages.c.created_at >= since, *_of_hooks())
        .group_by(PREFIX)
        .having(func.count() >= rule.sends)
    )
    counted = [Conversion(*row) for row in connection.execute(found)]
    return {one.prefix: one for one in counted if rule.is_broken(one.sends, int(one.approved))}


def of_prefix(connection: Connection, prefix: str, since: datetime) -> Conversion:
    """Return the same counts of one prefix."""
    first, last = (prefix + digit * pumping.LAST_DIGITS for digit in "09")
    delivered = func.sum(case((messages.c.status == MessageStatus.DELIVERED.value, 1), else_=0))
    found = select(func.max(messages.c.country), func.count(), func.coalesce(delivered, 0)).where(
        *_of_hooks(),
        messages.c.canonical.between(first, last),
        func.length(messages.c.canonical) == len(first),
        # keeps the planner off the index of times: an hour has many rows, a prefix few
        type_coerce(messages.c.created_at, BigInteger) + 0 >= microseconds(since),
    )
    country, sends, arrived = connection.execute(found).one()
    return Conversion(prefix, country, sends, int(arrived))


def _of_hooks() -> tuple[ColumnElement[bool], ...]:
    return (
        messages.c.channel == Channel.SMS.value,
        messages.c.priority == int(Priority.CODE),
        messages.c.owner.like("hook:%"),
        messages.c.status.in_(_REPORTED),
        messages.c.is_test.is_(False),
    )

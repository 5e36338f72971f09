"""Count messages and codes by the hour in which they were made, for roll-ups and for hours that have none yet."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    case,
    func,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session

from domain.delivery_times import EDGES
from domain.statuses import MessageStatus, Priority
from models.message import Message
from models.traffic import NONE
from models.types import UtcTime
from models.verification import Verification

HOUR = timedelta(hours=1)
LONGEST_CODE_LIFE = timedelta(seconds=600)
"""`CODE_TTL_SECONDS` can't be longer; the last message of a code is made within it."""
_MICROSECOND = timedelta(microseconds=1)
_STEPS = " ".join(f"WHEN took < {edge // _MICROSECOND} THEN {number}" for number, edge in enumerate(EDGES))
STEP = literal_column(f"CASE WHEN took IS NULL THEN NULL {_STEPS} ELSE {len(EDGES)} END", Integer)
"""The step of `domain/delivery_times.py`; one literal text, because the statement is compiled for every hour."""
_HOUR_OF_COLUMN = literal_column(str(HOUR // _MICROSECOND), BigInteger)


class Key(NamedTuple):
    """What the messages and codes of one row of `TrafficHour` have in common."""

    hour: datetime
    owner: str
    channel: str
    gateway: str
    country: str
    purpose: str


class TimesKey(NamedTuple):
    """The same for `DeliveryHour`."""

    hour: datetime
    channel: str
    gateway: str


@dataclass(frozen=True, slots=True)
class Counted:
    """Counts by the column names of `TrafficHour`, and by steps of the delivery time."""

    traffic: dict[Key, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    times: dict[TimesKey, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, key: Key, status: str, step: int | None, number: int) -> None:
        """Add messages of one status; `step` is that of their delivery time, None where they were not delivered."""
        self.traffic[key][status] += number
        if step is not None:
            self.times[TimesKey(key.hour, key.channel, key.gateway)][step] += number

    def add_codes(self, key: Key, issued: int, approved: int) -> None:
        """Add codes, of which some were approved."""
        codes = self.traffic[key]
        codes["issued"] += issued
        codes["approved"] += approved


def of_span(
    reader: Connection | Session, since: datetime, until: datetime | None, owner: str | None = None
) -> Counted:
    """Count what was made from `since` until before `until`, by anybody or by `owner`; `until` None is no end."""
    by = [] if owner is None else [Message.owner == owner]
    made = [Message.created_at >= since, *by]
    with_codes = [Message.created_at >= since, Verification.created_at >= since, *by]
    if until is not None:
        made.append(Message.created_at < until)
        with_codes += [Message.created_at < until + LONGEST_CODE_LIFE, Verification.created_at < until]
    counted = Counted()
    for key, status, step, number in _messages(reader, made):
        counted.add(key, status, step, number)
    _add_codes(counted, reader, with_codes)
    return counted


def of_codes(reader: Connection | Session, *conditions: ColumnElement[bool]) -> Counted:
    """Count some codes, without those whose last message was purged."""
    counted = Counted()
    _add_codes(counted, reader, list(conditions))
    return counted


def hour_of(at: datetime) -> datetime:
    """Return when the hour of a time began."""
    return at.replace(minute=0, second=0, microsecond=0)


def _messages(
    reader: Connection | Session, conditions: list[ColumnElement[bool]]
) -> Iterator[tuple[Key, str, int | None, int]]:
    made = _MADE.where(*conditions).subquery("made")
    alike = [column for column in made.c if column.name != "took"]
    found = select(*alike, STEP.label("step"), func.count()).group_by(*alike, "step")
    for *key, status, step, number in reader.execute(found):
        yield key_of(*key), status, step, number


def _add_codes(counted: Counted, reader: Connection | Session, conditions: list[ColumnElement[bool]]) -> None:
    """Count codes by the hour in which they were issued, each for the gateway of its newest message.

    They are found through that message: messages already have indexes by time, so no insert pays for another one.
    """
    for hour_at, *rest, issued, approved in reader.execute(_CODES.where(*conditions)):
        counted.add_codes(key_of(hour_at, *rest), issued, approved)


def begin_of_hour(column: Any) -> ColumnElement[datetime]:
    """Return when the hour of a time began.

    A remainder is whole on every database; MariaDB rounds a quotient, and so the last seconds of an hour into the next.
    """
    number = type_coerce(column, BigInteger)
    return type_coerce(number - number % _HOUR_OF_COLUMN, UtcTime)


def took(row: Any = Message) -> ColumnElement[int | None]:
    """Return how long a code took to be delivered; NULL where it was not, and for notices, which may be scheduled.

    The time ends with the carrier's report, or without one, when the gateway accepted the message.
    """
    ended_at = case(
        (row.priority != int(Priority.CODE), None),
        (row.status == MessageStatus.DELIVERED.value, type_coerce(row.settled_at, BigInteger)),
        (row.status == MessageStatus.SENT.value, type_coerce(row.sent_at, BigInteger)),
        else_=None,
    )
    return ended_at - type_coerce(row.created_at, BigInteger)


def key_of(hour: datetime, *parts: Any) -> Key:
    """Return the key for the values of its columns, of which some may be NULL."""
    return Key(hour, *(part or NONE for part in parts))


_MADE = select(
    begin_of_hour(Message.created_at).label("hour"),
    *(Message.owner, Message.channel, Message.gateway, Message.country, Verification.purpose),
    *(Message.status, took().label("took")),
).outerjoin_from(Message, Verification, Verification.id == Message.verification_id)
_OF_CODES = (Verification.owner, Message.channel, Message.gateway, Message.country, Verification.purpose)
_NEWEST = (Message.verification_id == Verification.id) & (Message.id == Verification.message_id)
_CODES = (
    select(
        begin_of_hour(Verification.created_at).label("hour"),
        *_OF_CODES,
        func.count(),
        func.count(Verification.used_at),
    )
    .join_from(Message, Verification, _NEWEST)
    .group_by("hour", *_OF_CODES)
)
"""Put together once: that takes longer than the database does for an hour of little traffic."""

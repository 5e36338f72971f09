"""The console's list of messages, of all owners."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, or_, select

from domain.destinations import mask
from domain.error_kinds import pattern
from domain.statuses import Channel, MessageStatus
from exts import db
from models import Broadcast, Message, Verification
from models.indexes import is_to_come
from models.message import IS_UNSUCCESSFUL, UNSUCCESSFUL, WITH_PARTIAL_INDEXES
from services.messaging.message_views import planned_for, status_of
from services.traffic import listing, search_terms
from services.traffic.listing import Count, Tally, Wanted

PAGE = 50
NO_CODE = "~"
"""In place of a purpose, which can't have this character."""
PLANNED = "scheduled"
"""In place of a status, for queued messages whose first try is planned for a time to come."""
ESCAPE = "!"
COST_OF_PURPOSE = 4
"""A look-up of the code for each message."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which messages; `sought` is a text for `search_terms`, `until` is exclusive."""

    sought: str | None = field(default=None, repr=False)
    statuses: tuple[MessageStatus, ...] = ()
    channel: Channel | None = None
    template: str | None = None
    gateway: str | None = None
    broadcast_id: str | None = None
    key: str | None = None
    """The id of the API key that sent them."""
    purpose: str | None = None
    """Of the codes that they carry; NO_CODE: only notices."""
    country: str | None = None
    error: str | None = None
    """A kind of `domain/error_kinds.py`."""
    is_test: bool | None = None
    is_planned: bool = False
    """Only messages whose first try is scheduled for a time to come."""
    since: datetime | None = None
    until: datetime | None = None
    ids: tuple[str, ...] = ()
    """Only these of them; empty: all."""


@dataclass(frozen=True, slots=True)
class ListedMessage:
    """A line of the list; `to` is masked unless the caller asked for it unmasked."""

    id: str
    verification_id: str | None
    channel: Channel
    to: str = field(repr=False)
    template: str | None
    status: MessageStatus
    planned_for: datetime | None
    gateway: str | None
    gateway_reference: str | None
    tries: int
    error: str | None
    is_test: bool
    created_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class MessagePage:
    """A page of the list; `looked_back_to` is the oldest time scanned, if the scan stopped before the page was full."""

    messages: tuple[ListedMessage, ...]
    next_cursor: str | None
    looked_back_to: datetime | None
    newer_cursor: str | None = None


def page(
    chosen: Filter, *, cursor: str | None = None, limit: int | None = None, unmasked: bool = False
) -> MessagePage:
    """Return the next messages of a filter; raises InvalidInput for an invalid cursor."""
    found = listing.look(_wanted(chosen, _SHOWN), limit=limit or PAGE, cursor=cursor)
    now = datetime.now(UTC)
    lines = tuple(_line(row, now, unmasked) for row in found.rows)
    return MessagePage(lines, found.next_cursor, found.looked_back_to, found.newer_cursor)


def count(chosen: Filter) -> Count:
    """Count the messages of a filter."""
    return listing.count(_wanted(chosen, ()))


def newer(chosen: Filter, cursor: str) -> int:
    """Count the messages of a filter that are newer than a `newer_cursor`; raises InvalidInput for an invalid one."""
    return listing.newer(_wanted(chosen, ()), cursor)


def tally(chosen: Filter) -> Tally:
    """Count the newest messages of a filter by status and PLANNED, whatever status it names."""
    wanted = _wanted(replace(chosen, statuses=(), is_planned=False), ())
    state = case((and_(*_is_planned(datetime.now(UTC))), PLANNED), else_=Message.status)
    return listing.tally(wanted, state)


def ids(chosen: Filter, *, most: int, also: tuple[ColumnElement[bool], ...] = ()) -> list[str]:
    """Return the ids of the newest `most` messages of a filter."""
    return listing.ids(_wanted(chosen, (Message.created_at, Message.id), also), most=most)


def pages(chosen: Filter, *, limit: int, unmasked: bool) -> Iterator[tuple[ListedMessage, ...]]:
    """Yield all messages of a filter in blocks; no transaction is open between them."""
    for block in listing.every(lambda cursor: page(chosen, cursor=cursor, limit=limit, unmasked=unmasked)):
        yield block.messages


_SHOWN = (
    *(Message.id, Message.verification_id, Message.channel, Message.to, Message.template, Message.status),
    *(Message.gateway, Message.gateway_reference, Message.tries, Message.error, Message.is_test),
    *(Message.created_at, Message.sent_at, Message.settled_at, Message.due_at, Message.deadline_at),
    Message.send_at,
)


def _wanted(chosen: Filter, columns: tuple[Any, ...], also: tuple[ColumnElement[bool], ...] = ()) -> Wanted:
    indexed: list[ColumnElement[bool]] = []
    sieve = list(also)
    if chosen.since is not None:
        indexed.append(Message.created_at >= chosen.since)
    if chosen.until is not None:
        indexed.append(Message.created_at < chosen.until)
    if chosen.ids:
        indexed.append(Message.id.in_(chosen.ids))
    if chosen.broadcast_id is not None:
        indexed += _of_broadcast(chosen.broadcast_id)
    if chosen.sought is not None:
        indexed.append(search_terms.of_messages(chosen.sought))
    elif chosen.statuses and set(chosen.statuses) <= set(UNSUCCESSFUL) and _has_partial_indexes():
        indexed.append(IS_UNSUCCESSFUL)  # type: ignore[arg-type]
    if chosen.statuses:
        sieve.append(or_(*(Message.status == status.value for status in chosen.statuses)))
    if chosen.is_planned:
        sieve += _is_planned(datetime.now(UTC))
    if chosen.key is not None:
        indexed.append(Message.owner == f"key:{chosen.key}")
    if chosen.purpose == NO_CODE:
        sieve.append(Message.verification_id.is_(None))
    elif chosen.purpose is not None:
        sieve += [Message.verification_id.is_not(None), _purpose() == chosen.purpose]
    if chosen.error is not None:
        sieve.append(Message.error.like(pattern(chosen.error, escape=ESCAPE), escape=ESCAPE))
    if chosen.is_test is not None:
        sieve.append(Message.is_test.is_(chosen.is_test))
    for column, value in (
        (Message.channel, chosen.channel),
        (Message.template, chosen.template),
        (Message.gateway, chosen.gateway),
        (Message.country, chosen.country),
    ):
        if value is not None:
            sieve.append(column == value)
    cost = 1 if chosen.purpose in (None, NO_CODE) else COST_OF_PURPOSE
    return Wanted(columns, Message.created_at, Message.id, indexed, sieve, cost)


def _is_planned(now: datetime) -> list[ColumnElement[bool]]:
    return [Message.status == MessageStatus.QUEUED.value, Message.tries == 0, is_to_come(Message.due_at, now)]


def _purpose() -> ColumnElement[str | None]:
    """Return the purpose of a message's code, looked up row by row: a join would read all codes of the purpose."""
    of_code = select(Verification.purpose).where(Verification.id == Message.verification_id)
    return of_code.correlate(Message).scalar_subquery()


def _of_broadcast(broadcast_id: str) -> list[ColumnElement[bool]]:
    """Return the conditions for the messages of a broadcast, which all have its `created_at`.

    The condition on the time keeps PostgreSQL from scanning back from the newest message to those of an old broadcast.
    """
    made_at = select(Broadcast.created_at).where(Broadcast.id == broadcast_id).scalar_subquery()
    return [Message.broadcast_id == broadcast_id, Message.created_at == made_at]


def _has_partial_indexes() -> bool:
    return db.engine.dialect.name in WITH_PARTIAL_INDEXES


def _line(row: Row[Any], now: datetime, unmasked: bool) -> ListedMessage:
    return ListedMessage(
        id=row.id,
        verification_id=row.verification_id,
        channel=Channel(row.channel),
        to=row.to if unmasked else mask(row.to),
        template=row.template,
        status=status_of(row, now),
        planned_for=planned_for(row, now),
        gateway=row.gateway,
        gateway_reference=row.gateway_reference,
        tries=row.tries,
        error=row.error,
        is_test=row.is_test,
        created_at=row.created_at,
        sent_at=row.sent_at,
        settled_at=row.settled_at,
    )

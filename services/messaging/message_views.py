"""Messages as their owner may see them: single ones, and lists with keyset pagination."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, load_only

from domain.errors import NotFound
from domain.owners import Owner
from domain.statuses import Channel, MessageStatus
from exts import db
from models import Message, clock
from services import typed
from services.storage import keyset
from services.storage.keyset import Place


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message without its content."""

    id: str
    verification_id: str | None
    channel: str
    to: str = field(repr=False)
    template: str | None
    segments: int
    status: MessageStatus
    result: int | None
    gateway: str | None
    gateway_reference: str | None
    tries: int
    error: str | None
    send_at: datetime | None
    created_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which messages to list; `to` as it was typed."""

    status: MessageStatus | None = None
    channel: Channel | None = None
    to: str | None = field(default=None, repr=False)
    sent_from: datetime | None = None
    sent_before: datetime | None = None
    has_codes: bool = True
    """False leaves out the messages of verifications."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, newest first; `next_cursor` is None on the last."""

    messages: list[MessageView]
    next_cursor: str | None


def get(message_id: str, owner: Owner) -> MessageView:
    """Return a message of this owner; raises NotFound."""
    return view(owned(db.session(), message_id, owner), clock.now())


def page(owner: Owner, chosen: Filter, *, limit: int, cursor: str | None) -> Page:
    """Return the next `limit` messages of this owner; raises InvalidInput for an invalid cursor."""
    statement = _filtered(owner, chosen)
    if cursor is not None:
        last = keyset.read(cursor)
        statement = statement.where(keyset.after(last, Message.created_at, Message.id))
    newest_first = statement.order_by(Message.created_at.desc(), Message.id.desc()).limit(limit + 1)
    rows = db.session.scalars(newest_first).all()
    now = clock.now()
    return Page(
        [view(row, now) for row in rows[:limit]],
        keyset.write(Place(rows[limit - 1].created_at, rows[limit - 1].id)) if len(rows) > limit else None,
    )


def owned(session: Session, message_id: str, owner: Owner) -> Message:
    """Return the row of a message of this owner; raises NotFound."""
    found = session.get(Message, message_id, populate_existing=True)
    if found is None or found.owner != owner.id:
        raise NotFound("no such message")
    return found


def view(row: Message, now: datetime) -> MessageView:
    """Return a row as its owner may see it."""
    status = status_of(row, now)
    return MessageView(
        id=row.id,
        verification_id=row.verification_id,
        channel=row.channel,
        to=row.to,
        template=row.template,
        segments=row.segments,
        status=status,
        result=status.result,
        gateway=row.gateway,
        gateway_reference=row.gateway_reference,
        tries=row.tries,
        error=row.error,
        send_at=row.send_at,
        created_at=row.created_at,
        sent_at=row.sent_at,
        settled_at=row.settled_at,
    )


def status_of(row: Any, now: datetime) -> MessageStatus:
    """Return a message's status; one past its deadline is `expired` even before a worker has marked it."""
    is_late = row.status == MessageStatus.QUEUED and row.due_at is not None and row.deadline_at <= now
    return MessageStatus.EXPIRED if is_late else MessageStatus(row.status)


def planned_for(row: Any, now: datetime) -> datetime | None:
    """Return the later time at which a queued message is to be sent; None where it waits for a worker or a retry."""
    is_ahead = row.send_at is not None and row.send_at > now and row.due_at is not None
    return row.send_at if is_ahead and row.status == MessageStatus.QUEUED else None


_SHOWN = (
    *(Message.id, Message.channel, Message.to, Message.template, Message.status, Message.tries),
    *(Message.gateway, Message.gateway_reference, Message.error, Message.created_at),
    *(Message.send_at, Message.sent_at, Message.settled_at, Message.due_at, Message.deadline_at),
    *(Message.verification_id, Message.segments),
)


def _filtered(owner: Owner, chosen: Filter) -> Select[Message]:
    statement = select(Message).options(load_only(*_SHOWN)).where(Message.owner == owner.id)
    if chosen.status is not None:
        statement = statement.where(Message.status == chosen.status.value)
    if chosen.channel is not None:
        statement = statement.where(Message.channel == chosen.channel.value)
    if not chosen.has_codes:
        statement = statement.where(Message.verification_id.is_(None))
    if chosen.sent_from is not None:
        statement = statement.where(Message.sent_at >= chosen.sent_from)
    if chosen.sent_before is not None:
        statement = statement.where(Message.sent_at < chosen.sent_before)
    if chosen.to is not None:
        parsed = typed.sought(chosen.to, chosen.channel)
        statement = statement.where(Message.canonical == parsed.canonical)
    return statement

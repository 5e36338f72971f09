"""Messages as their owner may see them: one, and lists that go on where the last page ended."""

import base64
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from flask import current_app
from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session, load_only

from domain import destinations
from domain.errors import FieldProblem, InvalidInput, NotFound
from domain.statuses import Channel, MessageStatus
from exts import db
from models import Message
from services.issuing import Owner

CURSOR = re.compile(rb"([0-9]{1,17})\.([0-9a-f]{32})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message without what it says."""

    id: str
    channel: str
    to: str = field(repr=False)
    template: str | None
    status: MessageStatus
    result: int | None
    gateway: str | None
    gateway_reference: str | None
    tries: int
    error: str | None
    created_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which messages to list; `to` as it was typed."""

    status: MessageStatus | None = None
    channel: Channel | None = None
    to: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, newest first; `next_cursor` is None on the last."""

    messages: list[MessageView]
    next_cursor: str | None


def get(message_id: str, owner: Owner) -> MessageView:
    """Return a message of this owner; raises NotFound."""
    return view(owned(db.session(), message_id, owner), datetime.now(UTC))


def page(owner: Owner, chosen: Filter, *, limit: int, cursor: str | None) -> Page:
    """Return the next `limit` messages of this owner; raises InvalidInput where the cursor is none of ours."""
    statement = _filtered(owner, chosen)
    if cursor is not None:
        at, last_id = _read(cursor)
        statement = statement.where(
            or_(Message.created_at < at, and_(Message.created_at == at, Message.id < last_id))
        )
    newest_first = statement.order_by(Message.created_at.desc(), Message.id.desc()).limit(limit + 1)
    rows = db.session.scalars(newest_first).all()
    now = datetime.now(UTC)
    return Page(
        [view(row, now) for row in rows[:limit]],
        _cursor(rows[limit - 1]) if len(rows) > limit else None,
    )


def owned(session: Session, message_id: str, owner: Owner) -> Message:
    """Return the row of a message of this owner; raises NotFound."""
    found = session.get(Message, message_id, populate_existing=True)
    if found is None or found.owner != owner.id:
        raise NotFound("no such message")
    return found


def view(row: Message, now: datetime) -> MessageView:
    """Return a row as its owner may see it; what can no longer be sent is expired before a worker has said so."""
    is_late = row.status == MessageStatus.QUEUED and row.due_at is not None and row.deadline_at <= now
    status = MessageStatus.EXPIRED if is_late else MessageStatus(row.status)
    return MessageView(
        id=row.id,
        channel=row.channel,
        to=row.to,
        template=row.template,
        status=status,
        result=status.result,
        gateway=row.gateway,
        gateway_reference=row.gateway_reference,
        tries=row.tries,
        error=row.error,
        created_at=row.created_at,
        sent_at=row.sent_at,
        settled_at=row.settled_at,
    )


_SHOWN = (
    *(
        Message.id,
        Message.channel,
        Message.to,
        Message.template,
        Message.status,
        Message.gateway,
        Message.tries,
    ),
    *(Message.gateway_reference, Message.error, Message.created_at, Message.sent_at, Message.settled_at),
    *(Message.due_at, Message.deadline_at),
)


def _filtered(owner: Owner, chosen: Filter) -> Select[Message]:
    statement = select(Message).options(load_only(*_SHOWN)).where(Message.owner == owner.id)
    if chosen.status is not None:
        statement = statement.where(Message.status == chosen.status.value)
    if chosen.channel is not None:
        statement = statement.where(Message.channel == chosen.channel.value)
    if chosen.to is not None:
        channel = chosen.channel or (Channel.EMAIL if "@" in chosen.to else Channel.SMS)
        parsed = destinations.parse(channel, chosen.to, region=current_app.config["DEFAULT_REGION"])
        statement = statement.where(Message.canonical == parsed.canonical)
    return statement


def _cursor(row: Message) -> str:
    microseconds = (row.created_at - _EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(f"{microseconds}.{row.id}".encode()).rstrip(b"=").decode()


def _read(cursor: str) -> tuple[datetime, str]:
    try:
        found = CURSOR.fullmatch(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        found = None
    if found is None:
        raise InvalidInput(FieldProblem("cursor", "is not one that a list has given"))
    return _EPOCH + timedelta(microseconds=int(found[1])), found[2].decode()

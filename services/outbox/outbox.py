"""The outbox: the message table as a queue, seen by its producers. Put messages in; cancel what nobody has claimed."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, insert, true, update

from domain import tracing
from domain.codes import new_id
from domain.destinations import Destination
from domain.keyring import Keyring
from domain.statuses import Lane, MessageStatus, Priority
from models.message import Message
from services.storage.prepared import Prepared
from services.storage.transactions import Writer, change

messages = Message.__table__
WHAT_IS_KEPT = case((messages.c.keeps_content.is_(true()), messages.c.sealed), else_=None)
"""What is left of a message's content once it has settled."""
_PUT = Prepared(insert(messages))
_CANCEL = (
    update(messages)
    .where(messages.c.id == bindparam("wanted"), messages.c.status == MessageStatus.QUEUED.value)
    .values(
        status=MessageStatus.CANCELED.value, due_at=None, sealed=WHAT_IS_KEPT, settled_at=bindparam("now")
    )
)


@dataclass(frozen=True, slots=True)
class NewMessage:
    """One message to put into the outbox. `params` is sealed; `template` None means that the text is in `params`."""

    owner: str
    destination: Destination
    template: str | None
    locale: str
    params: Mapping[str, Any] = field(repr=False)
    priority: Priority
    deadline_at: datetime
    verification_id: str | None = None
    broadcast_id: str | None = None
    template_version: int | None = None
    due_at: datetime | None = None
    """When to send it; None: at once."""
    send_at: datetime | None = None
    """The time that the caller asked for, which may have passed."""
    keeps_content: bool = False
    segments: int = 1
    """What an SMS is billed as; 1 for a mail."""
    is_test: bool = False
    ask_first: str | None = None
    """As in the row."""
    id: str = field(default_factory=new_id)
    traceparent: str | None = field(default_factory=lambda: tracing.current().here())
    """Where in which trace it was made."""

    @property
    def lane(self) -> Lane:
        """The queue whose workers send it."""
        return Lane.BULK if self.priority is Priority.BULK else Lane(self.destination.channel.value)


def put(writer: Writer, keyring: Keyring, new: Sequence[NewMessage], now: datetime) -> None:
    """Insert messages; the caller commits, then rings the bell."""
    if new:
        _PUT.run(writer, rows(keyring, new, now))


def rows(keyring: Keyring, new: Sequence[NewMessage], now: datetime) -> list[dict[str, Any]]:
    """Return the rows of messages, sealed."""
    if not tracing.current().is_on:
        return [_row(message, keyring, now) for message in new]
    return [{**_row(message, keyring, now), "traceparent": message.traceparent} for message in new]


def _row(message: NewMessage, keyring: Keyring, now: datetime) -> dict[str, Any]:
    return {
        "id": message.id,
        "owner": message.owner,
        "verification_id": message.verification_id,
        "broadcast_id": message.broadcast_id,
        "channel": message.destination.channel.value,
        "lane": message.lane.value,
        "priority": int(message.priority),
        "to": message.destination.to,
        "canonical": message.destination.canonical,
        "country": message.destination.country,
        "template": message.template,
        "template_version": message.template_version,
        "locale": message.locale,
        "sealed": keyring.seal(_json(message.params), row=message.id),
        "keeps_content": message.keeps_content,
        "segments": message.segments,
        "is_test": message.is_test,
        "ask_first": message.ask_first,
        "status": MessageStatus.QUEUED.value,
        "due_at": message.due_at or now,
        "deadline_at": message.deadline_at,
        "send_at": message.send_at,
        "tries": 0,
        "created_at": now,
    }


def _json(params: Mapping[str, Any]) -> bytes:
    """Return parameters as compact JSON: a row has room for 64 KiB."""
    return json.dumps(dict(params), ensure_ascii=False, separators=(",", ":")).encode()


def mark_resent(writer: Writer, message_id: str, copy_id: str) -> None:
    """Record which message is the copy that was sent again; the caller commits."""
    change(writer, update(messages).where(messages.c.id == message_id).values(resent_as=copy_id))


def cancel(writer: Writer, message_id: str, now: datetime) -> bool:
    """Cancel a message that no worker has claimed yet; tell whether it was; the caller commits."""
    return change(writer, _CANCEL, {"wanted": message_id, "now": now}) == 1


def cancel_of(
    writer: Writer, verification_ids: Collection[str], now: datetime, *, canonical: str | None = None
) -> None:
    """Cancel the messages of verifications that no worker has claimed yet; the caller commits.

    `canonical`: only those to this destination.
    """
    waiting = [
        messages.c.verification_id.in_(verification_ids),
        messages.c.status == MessageStatus.QUEUED.value,
    ]
    if canonical is not None:
        waiting.append(messages.c.canonical == canonical)
    change(writer, update(messages).where(*waiting).values(**stop_values(now)))


def stop_values(canceled_at: datetime | None) -> dict[str, Any]:
    """Return the values that hold a queued message of a paused broadcast, or end one of a canceled broadcast."""
    if canceled_at is None:
        return {"due_at": None}
    return {
        "due_at": None,
        "status": MessageStatus.CANCELED.value,
        "sealed": WHAT_IS_KEPT,
        "settled_at": canceled_at,
    }

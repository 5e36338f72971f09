"""The message table as a queue, seen by the worker: claim, settle, expire. Core statements only: the hot path."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, literal, or_, select, update

from domain.codes import new_id
from domain.statuses import Lane, MessageStatus, Priority
from models.broadcast import Broadcast
from models.message import Message
from services.outbox import WHAT_IS_KEPT

LEASE = timedelta(seconds=20)
"""Longer than one send may take (channels.gateway.SEND_SECONDS): a live worker's message is never sent by another."""

messages = Message.__table__
broadcasts = Broadcast.__table__


@dataclass(frozen=True, slots=True)
class Claimed:
    """One message that this process may send until its lease ends."""

    id: str
    verification_id: str | None
    channel: str
    to: str = field(repr=False)
    country: str | None
    template: str | None
    locale: str
    sealed: bytes = field(repr=False)
    is_test: bool
    tries: int
    deadline_at: datetime
    lease_token: str
    ask_first: str | None = None
    is_bulk: bool = False
    broadcast_id: str | None = None
    shared: bytes | None = field(default=None, repr=False)
    """The sealed texts of its broadcast, where it has some."""


@dataclass(frozen=True, slots=True)
class Settled:
    """How a try ended. `due_at` is the time of the next one, None where there is none."""

    claimed: Claimed
    status: MessageStatus
    at: datetime
    due_at: datetime | None = None
    gateway: str | None = None
    gateway_reference: str | None = None
    error: str | None = None
    tried: bool = True
    """False where the message came back without having reached anybody: it counts as no try."""
    ask_first: str | None = None


def claim(connection: Connection, lane: Lane, priority: Priority, limit: int, now: datetime) -> list[Claimed]:
    """Take up to `limit` due messages for the length of a lease; two processes never take the same.

    A message is due when it was never tried, when its retry is, or when the lease of a dead worker has ended.
    """
    due = (messages.c.due_at <= now, messages.c.deadline_at > now)
    rows = connection.execute(
        select(messages)
        .where(messages.c.priority == int(priority), messages.c.lane == lane.value, *due)
        .order_by(messages.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)  # SQLite has one writer and needs no row locks
    ).all()
    if not rows:
        connection.rollback()
        return []
    token = new_id()
    ids = [row.id for row in rows]
    taken = connection.execute(
        update(messages)
        .where(messages.c.id.in_(ids), *due)
        .values(
            status=MessageStatus.SENDING.value,
            due_at=now + LEASE,
            lease_token=token,
            tries=messages.c.tries + 1,
        )
    )
    if taken.rowcount != len(ids):
        ids = list(connection.scalars(select(messages.c.id).where(messages.c.lease_token == token)))
    shared = _shared_texts(connection, {row.broadcast_id for row in rows if row.broadcast_id})
    connection.commit()
    ours = set(ids)
    return [_claimed(row, token, shared) for row in rows if row.id in ours]


def _shared_texts(connection: Connection, ids: Collection[str]) -> dict[str, bytes]:
    """Return the sealed texts of broadcasts; read with every block, which costs less than to remember them."""
    if not ids:
        return {}
    found = connection.execute(select(broadcasts.c.id, broadcasts.c.sealed).where(broadcasts.c.id.in_(ids)))
    return {row.id: row.sealed for row in found}


def _claimed(row: Any, token: str, shared: Mapping[str, bytes]) -> Claimed:
    return Claimed(
        id=row.id,
        verification_id=row.verification_id,
        channel=row.channel,
        to=row.to,
        country=row.country,
        template=row.template,
        locale=row.locale,
        sealed=row.sealed,
        is_test=row.is_test,
        tries=row.tries + 1,
        deadline_at=row.deadline_at,
        lease_token=token,
        ask_first=row.ask_first,
        is_bulk=row.priority == Priority.BULK,
        broadcast_id=row.broadcast_id,
        shared=shared.get(row.broadcast_id),
    )


_ours = (messages.c.id == bindparam("message"), messages.c.lease_token == bindparam("token"))

_SETTLE = (
    update(messages)
    .where(*_ours)
    .values(
        status=bindparam("new_status"),
        due_at=None,
        lease_token=None,
        sealed=WHAT_IS_KEPT,
        gateway=bindparam("new_gateway"),
        gateway_reference=bindparam("new_reference"),
        error=bindparam("new_error"),
        sent_at=bindparam("new_sent_at"),
        settled_at=bindparam("at"),
    )
)

_TRY_AGAIN = (
    update(messages)
    .where(*_ours)
    .values(
        status=literal(MessageStatus.QUEUED.value),
        due_at=bindparam("next_due_at"),
        lease_token=None,
        tries=messages.c.tries - bindparam("given_back"),
        gateway=bindparam("new_gateway"),
        ask_first=bindparam("new_ask_first"),
        error=bindparam("new_error"),
    )
)


def settle(connection: Connection, settled: Sequence[Settled]) -> None:
    """Write down how tries ended, in two statements whatever their number; leases that were lost change nothing."""
    done = [_settle_values(one) for one in settled if one.due_at is None]
    again = [_try_again_values(one) for one in settled if one.due_at is not None]
    if done:
        connection.execute(_SETTLE, done)
    if again:
        connection.execute(_TRY_AGAIN, again)
        _hold_back(connection, settled)
    connection.commit()


def _hold_back(connection: Connection, settled: Sequence[Settled]) -> None:
    """Stop what came back to the queue of a broadcast that was paused or canceled in the meantime."""
    ids = {one.claimed.broadcast_id for one in settled if one.due_at is not None and one.claimed.broadcast_id}
    if not ids:
        return
    stopped = select(broadcasts.c.id, broadcasts.c.canceled_at).where(
        broadcasts.c.id.in_(ids),
        or_(broadcasts.c.paused_at.is_not(None), broadcasts.c.canceled_at.is_not(None)),
    )
    for broadcast in connection.execute(stopped).all():
        waiting = (
            messages.c.broadcast_id == broadcast.id,
            messages.c.status == MessageStatus.QUEUED.value,
            messages.c.due_at.is_not(None),
        )
        connection.execute(update(messages).where(*waiting).values(**stop_values(broadcast.canceled_at)))


def stop_values(canceled_at: datetime | None) -> dict[str, Any]:
    """Return what holds a queued message of a paused broadcast back, or ends one of a canceled broadcast."""
    if canceled_at is None:
        return {"due_at": None}
    return {
        "due_at": None,
        "status": MessageStatus.CANCELED.value,
        "sealed": WHAT_IS_KEPT,
        "settled_at": canceled_at,
    }


def _settle_values(one: Settled) -> dict[str, Any]:
    return {
        "message": one.claimed.id,
        "token": one.claimed.lease_token,
        "new_status": one.status.value,
        "new_gateway": one.gateway,
        "new_reference": one.gateway_reference,
        "new_error": one.error,
        "new_sent_at": one.at if one.status is MessageStatus.SENT else None,
        "at": one.at,
    }


def _try_again_values(one: Settled) -> dict[str, Any]:
    return {
        "message": one.claimed.id,
        "token": one.claimed.lease_token,
        "next_due_at": one.due_at,
        "new_ask_first": one.ask_first,
        "given_back": 0 if one.tried else 1,
        "new_gateway": one.gateway,
        "new_error": one.error,
    }


def expire(connection: Connection, now: datetime) -> int:
    """Give up what could not be sent by its deadline, erase it, and return how many there were."""
    overdue = (messages.c.due_at <= now, messages.c.deadline_at <= now)
    if connection.execute(select(messages.c.id).where(*overdue).limit(1)).first() is None:
        connection.rollback()  # looked at every second: a reader that finds nothing must not take the write lock
        return 0
    expired = connection.execute(
        update(messages)
        .where(*overdue)
        .values(
            status=MessageStatus.EXPIRED.value,
            due_at=None,
            lease_token=None,
            sealed=WHAT_IS_KEPT,
            settled_at=now,
        )
    )
    connection.commit()
    return int(expired.rowcount)

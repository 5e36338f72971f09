"""Settle tries in blocks: write how they ended. Core statements: this is the hot path."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    and_,
    bindparam,
    insert,
    null,
    or_,
    select,
    update,
)

from domain.pinning import pinned_to
from domain.statuses import FLOWS, MessageStatus
from models.broadcast import Broadcast
from models.indexes import has_come
from models.message import Message
from models.message_try import MessageTry
from models.types import microseconds
from services.codes import hastening
from services.delivery import outcomes
from services.delivery.claims import Claimed
from services.events.message_news import Teller
from services.events.telling import Ends
from services.outbox.outbox import WHAT_IS_KEPT, stop_values
from services.storage.prepared import Prepared

messages = Message.__table__
broadcasts = Broadcast.__table__
_NOTE_TRY = insert(MessageTry.__table__)
MOST_TOLD = 500
"""Messages that expire in one go where endpoints want to hear of them, or fallbacks wait for them."""


class Asked(NamedTuple):
    """A gateway that did not take a message, and its answer; `gateway` is None where there was none to ask."""

    gateway: str | None
    answer: str
    reason: str
    took_ms: int | None
    at: datetime


class Settled(NamedTuple):
    """How a try ended. `due_at` is the time of the next one, None where there is none."""

    claimed: Claimed
    status: MessageStatus
    at: datetime
    due_at: datetime | None = None
    gateway: str | None = None
    gateway_reference: str | None = None
    error: str | None = None
    tried: bool = True
    """False where the message came back without reaching a gateway: that does not count as a try."""
    ask_first: str | None = None
    took_ms: int | None = None
    asked: tuple[Asked, ...] = ()
    """The gateways that did not take it, in order."""
    report: MessageStatus | None = None
    """The delivery report of a test message, which no carrier will send."""


def given_back(claimed: Claimed, now: datetime) -> Settled:
    """Return the outcome of a message that was claimed but not tried: it is due again."""
    return Settled(
        claimed,
        MessageStatus.QUEUED,
        now,
        due_at=now,
        gateway=pinned_to(claimed.ask_first) or claimed.ask_first,
        tried=False,
        ask_first=claimed.ask_first,
    )


_ours = (messages.c.id == bindparam("message"), messages.c.lease_token == bindparam("token"))
_TRY_AGAIN = Prepared(
    update(messages)
    .where(*_ours)
    .values(
        status=bindparam("new_status"),
        due_at=bindparam("next_due_at", type_=BigInteger),
        lease_token=null(),
        tries=messages.c.tries - bindparam("given_back"),
        gateway=bindparam("new_gateway"),
        ask_first=bindparam("new_ask_first"),
        error=bindparam("new_error"),
    )
)


def settle(connection: Connection, settled: Sequence[Settled]) -> None:
    """Write how tries ended, in two statements whatever their number; those whose lease was lost change nothing.

    Answers of gateways that did not take a message cost a third statement, and codes that will not arrive a look for
    the steps of their fallback. The caller commits.
    """
    done = [_settle_values(one) for one in settled if one.due_at is None]
    again = [one for one in settled if one.due_at is not None]
    if done:
        outcomes.write(connection, done)
    if again:
        _TRY_AGAIN.run(connection, [_try_again_values(one) for one in again])
        _hold_back(connection, again)
    if lost := [one for one in settled if one.due_at is None and one.status is not MessageStatus.SENT]:
        ids = [(one.claimed.id, one.claimed.verification_id) for one in lost]
        hastening.hasten(connection, ids, lost[0].at)
    if tries := [_try_values(one, asked) for one in settled for asked in one.asked]:
        connection.execute(_NOTE_TRY, tries)


def _try_values(one: Settled, asked: Asked) -> dict[str, Any]:
    return {"message_id": one.claimed.id, "number": one.claimed.tries, **asked._asdict()}


def _settle_values(one: Settled) -> tuple[Any, ...]:
    at = microseconds(one.at)
    claimed = one.claimed
    sent_at = at if one.status is MessageStatus.SENT else None
    return (
        claimed.id,
        claimed.lease_token,
        one.status.value,
        one.gateway,
        one.gateway_reference,
        one.error,
        sent_at,
        one.took_ms,
        at,
    )


def _try_again_values(one: Settled) -> dict[str, Any]:
    return {
        "message": one.claimed.id,
        "token": one.claimed.lease_token,
        "new_status": one.status.value,
        "next_due_at": None if one.due_at is None else microseconds(one.due_at),
        "new_ask_first": one.ask_first,
        "given_back": 0 if one.tried else 1,
        "new_gateway": one.gateway,
        "new_error": one.error,
    }


def _hold_back(connection: Connection, again: Sequence[Settled]) -> None:
    """Hold or cancel messages that come back to the queue of a broadcast paused or canceled during their try."""
    ids = {one.claimed.broadcast_id for one in again if one.claimed.broadcast_id}
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


_IN_THE_INDEX = or_(
    *(and_(messages.c.priority == int(priority), messages.c.lane == lane.value) for priority, lane in FLOWS)
)
"""True for every message; it makes the database use the index of due messages."""


def expire(connection: Connection, now: datetime, teller: Teller | None = None) -> int:
    """Expire messages that missed their deadline, erase their content, and return how many; the caller commits."""
    overdue: tuple[ColumnElement[bool], ...]
    overdue = (_IN_THE_INDEX, has_come(messages.c.due_at, now), messages.c.deadline_at <= now)
    if connection.execute(select(messages.c.id).where(*overdue).limit(1)).first() is None:
        return 0  # polled every second: finding nothing must not take the write lock
    codes: dict[str, str | None] = {}
    is_told = teller is not None and teller.is_needed(connection)
    if is_told or hastening.any_waits(connection, now):
        some = select(messages.c.id, messages.c.verification_id).where(*overdue).limit(MOST_TOLD)
        codes = dict(connection.execute(some.with_for_update(skip_locked=True)).all())
        overdue = (messages.c.id.in_(codes), *overdue)
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
    if teller is not None and is_told and codes:
        teller.tell(connection, dict.fromkeys(codes, (MessageStatus.EXPIRED, now)), now)
    hastening.hasten(connection, codes.items(), now)
    return int(expired.rowcount)


def ends(settled: Sequence[Settled]) -> Ends:
    """Return what messages were settled with; those that are tried again are not."""
    return {one.claimed.id: (one.status, one.at) for one in settled if one.due_at is None}

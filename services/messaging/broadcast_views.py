"""Broadcasts as their owner may see them, counted anew each time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.errors import NotFound
from domain.statuses import BroadcastStatus, MessageStatus
from exts import db
from models import Broadcast, Message
from services.codes.issuing import Owner

OPEN = (MessageStatus.QUEUED, MessageStatus.SENDING)


@dataclass(frozen=True, slots=True)
class BroadcastView:
    """A broadcast and where its messages are."""

    id: str
    channel: str
    template: str | None
    status: BroadcastStatus
    accepted: int
    rejected: int
    counts: Mapping[str, int]
    send_at: datetime
    created_at: datetime


def get(broadcast_id: str, owner: Owner) -> BroadcastView:
    """Return a broadcast of this owner; raises NotFound."""
    return view(owned(db.session(), broadcast_id, owner), datetime.now(UTC))


def owned(session: Session, broadcast_id: str, owner: Owner, *, lock: bool = False) -> Broadcast:
    """Return the row of a broadcast of this owner, locked for a change if wanted; raises NotFound."""
    found = session.get(Broadcast, broadcast_id, populate_existing=True, with_for_update=lock)
    if found is None or found.owner != owner.id:
        raise NotFound("no such broadcast")
    return found


def view(row: Broadcast, now: datetime) -> BroadcastView:
    """Return a row with the counts of its messages by status."""
    counts = _counts(row, now)
    return BroadcastView(
        id=row.id,
        channel=row.channel,
        template=row.template,
        status=_status(row, counts, now),
        accepted=row.accepted,
        rejected=row.rejected,
        counts=counts,
        send_at=row.starts_at,
        created_at=row.created_at,
    )


def _counts(row: Broadcast, now: datetime) -> dict[str, int]:
    counted = db.session.execute(
        select(Message.status, func.count()).where(Message.broadcast_id == row.id).group_by(Message.status)
    )
    counts = {status.value: 0 for status in MessageStatus}
    for status, number in counted:
        counts[status] = number
    if row.deadline_at <= now and row.paused_at is None:  # no worker has said so yet
        counts[MessageStatus.EXPIRED] += counts[MessageStatus.QUEUED]
        counts[MessageStatus.QUEUED] = 0
    return counts


def _status(row: Broadcast, counts: Mapping[str, int], now: datetime) -> BroadcastStatus:
    if row.canceled_at is not None:
        return BroadcastStatus.CANCELED
    if not any(counts[status] for status in OPEN):
        return BroadcastStatus.DONE
    if row.paused_at is not None:
        return BroadcastStatus.PAUSED
    return BroadcastStatus.SCHEDULED if row.starts_at > now else BroadcastStatus.SENDING

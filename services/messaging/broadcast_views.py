"""Broadcasts as their owner may see them; messages are counted on every read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.errors import NotFound
from domain.owners import Owner
from domain.statuses import BroadcastStatus, MessageStatus
from exts import db
from models import Broadcast, Message
from services.outbox import packed

OPEN = (MessageStatus.QUEUED, MessageStatus.SENDING)
LOST = (MessageStatus.FAILED, MessageStatus.UNDELIVERED, MessageStatus.EXPIRED)


@dataclass(frozen=True, slots=True)
class BroadcastView:
    """A broadcast with the counts of its messages by status."""

    id: str
    channel: str
    name: str | None
    template: str | None
    status: BroadcastStatus
    accepted: int
    rejected: int
    counts: Mapping[str, int]
    send_at: datetime
    created_at: datetime

    @property
    def settled(self) -> int:
        """How many messages are settled; those already purged count too."""
        return self.accepted - sum(self.counts[status] for status in OPEN)

    @property
    def lost(self) -> int:
        """How many messages never arrived, not counting canceled ones."""
        return sum(self.counts[status] for status in LOST)

    @property
    def share(self) -> float:
        """The settled share, from 0 to 1; 1 for an empty broadcast."""
        return self.settled / self.accepted if self.accepted else 1

    @property
    def is_under_way(self) -> bool:
        """Tell whether the counts still change; those of a paused one do while workers hold some of its messages."""
        waits = self.status in (BroadcastStatus.SCHEDULED, BroadcastStatus.SENDING)
        return waits or self.counts[MessageStatus.SENDING] > 0


def get(broadcast_id: str, owner: Owner) -> BroadcastView:
    """Return a broadcast of this owner; raises NotFound."""
    return view(owned(db.session(), broadcast_id, owner), datetime.now(UTC))


def owned(session: Session, broadcast_id: str, owner: Owner, *, lock: bool = False) -> Broadcast:
    """Return the row of a broadcast of this owner, locked on request; raises NotFound."""
    found = session.get(Broadcast, broadcast_id, populate_existing=True, with_for_update=lock)
    if found is None or found.owner != owner.id:
        raise NotFound("no such broadcast")
    return found


def view(row: Broadcast, now: datetime) -> BroadcastView:
    """Return a row with the counts of its messages by status."""
    return views([row], now)[0]


def views(rows: Sequence[Any], now: datetime) -> list[BroadcastView]:
    """Return rows with the counts of their messages by status, all counted in one statement."""
    counted = _counted([row.id for row in rows])
    return [_view(row, _as_of(row, counted[row.id], now), now) for row in rows]


def _counted(ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """Count messages by status, those not made yet as queued; an index covers broadcast and status."""
    waiting = packed.waiting(db.session(), ids)  # first: what becomes messages meanwhile must not be left out
    counts = {id: {status.value: 0 for status in MessageStatus} for id in ids}
    by_status = (Message.broadcast_id, Message.status)
    found = (
        select(*by_status, func.count().label("number"))
        .where(Message.broadcast_id.in_(ids))
        .group_by(*by_status)
    )
    for row in db.session.execute(found):
        counts[row.broadcast_id][row.status] = row.number
    for id, number in waiting.items():
        counts[id][MessageStatus.QUEUED] += number
    return counts


def _as_of(row: Any, counts: dict[str, int], now: datetime) -> dict[str, int]:
    others = sum(counts.values()) - counts[MessageStatus.QUEUED]
    counts[MessageStatus.QUEUED] = min(counts[MessageStatus.QUEUED], row.accepted - others)
    if row.deadline_at <= now and row.paused_at is None:  # no worker has expired them yet
        counts[MessageStatus.EXPIRED] += counts[MessageStatus.QUEUED]
        counts[MessageStatus.QUEUED] = 0
    return counts


def _view(row: Any, counts: Mapping[str, int], now: datetime) -> BroadcastView:
    return BroadcastView(
        id=row.id,
        channel=row.channel,
        name=row.name,
        template=row.template,
        status=_status(row, counts, now),
        accepted=row.accepted,
        rejected=row.rejected,
        counts=counts,
        send_at=row.starts_at,
        created_at=row.created_at,
    )


def _status(row: Any, counts: Mapping[str, int], now: datetime) -> BroadcastStatus:
    if row.canceled_at is not None:
        return BroadcastStatus.CANCELED
    if not any(counts[status] for status in OPEN):
        return BroadcastStatus.DONE
    if row.paused_at is not None:
        return BroadcastStatus.PAUSED
    return BroadcastStatus.SCHEDULED if row.starts_at > now else BroadcastStatus.SENDING

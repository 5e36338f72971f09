"""The console's list of broadcasts, of all owners."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, literal, select

from domain.errors import NotFound
from exts import db
from models import Broadcast, Message
from models.types import UtcTime
from services.keys import owners
from services.messaging import broadcast_views
from services.messaging.broadcast_views import OPEN, BroadcastView
from services.traffic import listing
from services.traffic.listing import Wanted

PAGE = 25
"""Smaller than other pages, because each broadcast is counted: up to 10,000 messages."""


@dataclass(frozen=True, slots=True)
class ListedBroadcast:
    """A line of the list; `owner` is the name of an API key, or the kind of another sender."""

    view: BroadcastView
    owner: str
    is_test: bool


@dataclass(frozen=True, slots=True)
class BroadcastPage:
    """A page of the list; `next_cursor` is None on the last."""

    broadcasts: tuple[ListedBroadcast, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class BroadcastDetails:
    """One broadcast; `ended_at` is when its last message was sent or given up, None while some are open."""

    listed: ListedBroadcast
    deadline_at: datetime
    paused_at: datetime | None
    canceled_at: datetime | None
    ended_at: datetime | None


def page(*, cursor: str | None = None, limit: int | None = None) -> BroadcastPage:
    """Return the next broadcasts, newest first; raises InvalidInput for an invalid cursor."""
    wanted = Wanted(_SHOWN, Broadcast.created_at, Broadcast.id)
    found = listing.look(wanted, limit=limit or PAGE, cursor=cursor)
    views = broadcast_views.views(found.rows, datetime.now(UTC))
    names = owners.names({row.owner for row in found.rows})
    db.session.rollback()
    lines = (
        ListedBroadcast(view, names[row.owner], row.is_test)
        for row, view in zip(found.rows, views, strict=True)
    )
    return BroadcastPage(tuple(lines), found.next_cursor)


def get(broadcast_id: str) -> BroadcastDetails:
    """Return one broadcast; raises NotFound."""
    row = db.session.execute(select(*_SHOWN).where(Broadcast.id == broadcast_id)).one_or_none()
    if row is None:
        raise NotFound("no such broadcast")
    (view,) = broadcast_views.views([row], datetime.now(UTC))
    details = BroadcastDetails(
        listed=ListedBroadcast(view, owners.names({row.owner})[row.owner], row.is_test),
        deadline_at=row.deadline_at,
        paused_at=row.paused_at,
        canceled_at=row.canceled_at,
        ended_at=None if any(view.counts[status] for status in OPEN) else _ended_at(row.id, row.deadline_at),
    )
    db.session.rollback()
    return details


_SHOWN = (
    *(
        Broadcast.id,
        Broadcast.owner,
        Broadcast.name,
        Broadcast.channel,
        Broadcast.template,
        Broadcast.accepted,
    ),
    *(Broadcast.rejected, Broadcast.is_test, Broadcast.starts_at, Broadcast.deadline_at),
    *(Broadcast.paused_at, Broadcast.canceled_at, Broadcast.created_at),
)


def _ended_at(broadcast_id: str, deadline_at: datetime) -> datetime | None:
    """Return when the last message was handed over or given up; receipts, which come later, do not count."""
    at = func.coalesce(Message.sent_at, Message.settled_at, literal(deadline_at, UtcTime))
    last: datetime | None = db.session.scalar(
        select(func.max(at)).where(Message.broadcast_id == broadcast_id)
    )
    return last

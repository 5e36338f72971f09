"""Find what nobody tells: broadcasts that have finished, and gateways whose circuit breaker opens or closes.

Each looks only while an endpoint wants to know.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, exists, func, select, update

from domain.events import EventType, Listener
from domain.statuses import BroadcastStatus, MessageStatus
from models.broadcast import Broadcast
from models.broadcast_part import BroadcastPart
from models.message import Message
from models.webhook import Event
from services.events import data, telling
from services.events.listeners import Listeners, any_wants
from services.events.telling import News
from services.storage import leases

LEASE = "gateway-events"
LEASE_LENGTH = timedelta(seconds=15)
RENEW = timedelta(seconds=5)
BROADCASTS_EVERY = timedelta(seconds=2)
MOST = 50
"""Broadcasts of one look."""
LONGEST_BROADCAST = timedelta(days=90)
OPEN = (MessageStatus.QUEUED.value, MessageStatus.SENDING.value)
broadcasts, messages, events = Broadcast.__table__, Message.__table__, Event.__table__
parts = BroadcastPart.__table__


class FinishedBroadcasts:
    """Tells once of each broadcast that has no message left to send."""

    def __init__(self, engine: Engine, listeners: Listeners):
        self._engine, self._listeners = engine, listeners
        self._next: datetime | None = None

    def __call__(self, now: datetime) -> None:
        if self._next is not None and now < self._next:
            return
        self._next = now + BROADCASTS_EVERY
        kind = EventType.BROADCAST_FINISHED
        with self._engine.connect() as connection:
            wanting = [one for one in self._listeners.of(connection) if one.wants(kind)]
            since = min((one.since for one in wanting if one.since), default=None)
            ids = _finished(connection, since, now) if since else []
        for broadcast_id in ids:
            with self._engine.begin() as connection:
                _tell_finished(connection, wanting, broadcast_id, now)


def _finished(connection: Connection, since: datetime, now: datetime) -> list[str]:
    """Return broadcasts that may have finished after `since` and of which nothing was told."""
    left = exists().where(messages.c.broadcast_id == broadcasts.c.id, messages.c.status.in_(OPEN))
    packed = exists().where(parts.c.broadcast_id == broadcasts.c.id)
    return list(
        connection.scalars(
            select(broadcasts.c.id)
            .where(broadcasts.c.created_at > now - LONGEST_BROADCAST, broadcasts.c.deadline_at > since)
            .where(broadcasts.c.finished_at.is_(None), ~left, ~packed)
            .limit(MOST)
        )
    )


def _tell_finished(
    connection: Connection, wanting: Iterable[Listener], broadcast_id: str, now: datetime
) -> None:
    """Note that a broadcast has finished, and tell those whose endpoint is older than its end."""
    unnoted = (broadcasts.c.id == broadcast_id, broadcasts.c.finished_at.is_(None))
    if not connection.execute(update(broadcasts).where(*unnoted).values(finished_at=now)).rowcount:
        return
    row = connection.execute(select(broadcasts).where(broadcasts.c.id == broadcast_id)).one()
    theirs = messages.c.broadcast_id == broadcast_id
    counted = dict.fromkeys((status.value for status in MessageStatus), 0)
    by_status = select(messages.c.status, func.count()).where(theirs).group_by(messages.c.status)
    counted.update(dict(connection.execute(by_status).all()))
    last = connection.scalar(
        select(messages.c.settled_at)
        .where(theirs, messages.c.settled_at.is_not(None))
        .order_by(messages.c.settled_at.desc())
        .limit(1)
    )
    ended_at = last or row.created_at
    hearing = [one for one in wanting if one.since is None or one.since <= ended_at]
    news = News(EventType.BROADCAST_FINISHED, row.id, _broadcast(row, counted), (row.owner,))
    telling.tell(connection, hearing, [news], now)


def _broadcast(row: Any, counts: dict[str, int]) -> dict[str, Any]:
    status = BroadcastStatus.CANCELED if row.canceled_at else BroadcastStatus.DONE
    return {
        "id": row.id,
        "channel": row.channel,
        "template": row.template,
        "status": status.value,
        "accepted": row.accepted,
        "rejected": row.rejected,
        "counts": counts,
        "send_at": data.time(row.starts_at),
        "created_at": data.time(row.created_at),
    }


class Health(Protocol):
    """The circuit breakers."""

    def is_open(self, name: str) -> bool:
        """Tell whether a gateway should be left alone."""


class GatewayWatch:
    """Tells of gateways that go down and come up again; one worker at a time does it.

    Without Redis each worker knows only its own circuit breakers, and so does this.
    """

    def __init__(
        self,
        engine: Engine,
        listeners: Listeners,
        health: Health,
        channels: Callable[[], Mapping[str, str]],
        holder: str,
    ):
        """`channels`: returns the channel of each gateway by its name. `holder`: the name of this process."""
        self._engine, self._listeners, self._health = engine, listeners, health
        self._channels, self._holder = channels, holder
        self._down: set[str] | None = None
        """What was told last; None while another worker watches, or nobody wants to know."""
        self._next: datetime | None = None

    def __call__(self, now: datetime) -> None:
        kinds = (EventType.GATEWAY_DOWN, EventType.GATEWAY_UP)
        with self._engine.connect() as connection:
            listeners = self._listeners.of(connection)
        if not any_wants(listeners, kinds):
            self._down = None
            return
        if self._next is None or now >= self._next:
            self._next = now + RENEW
            if not leases.hold(self._engine, LEASE, self._holder, LEASE_LENGTH, now):
                self._down = None
            elif self._down is None:
                self._down = self._told_last()
        if self._down is None:
            return
        channels = self._channels()
        down = {name for name in channels if self._health.is_open(name)}
        changed = sorted(down ^ (self._down & set(channels)))
        if changed:
            news = [_gateway_news(name, channels[name], name in down) for name in changed]
            with self._engine.begin() as connection:
                telling.tell(connection, listeners, news, now)
        self._down = down

    def _told_last(self) -> set[str]:
        """Return the gateways of which the last event says that they are down."""
        kinds = (EventType.GATEWAY_DOWN.value, EventType.GATEWAY_UP.value)
        newest = (
            select(events.c.subject, events.c.type)
            .where(events.c.type.in_(kinds))
            .order_by(events.c.at.desc())
            .limit(1000)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(newest).all()
        last = {row.subject: row.type for row in reversed(rows)}
        return {name for name, kind in last.items() if kind == EventType.GATEWAY_DOWN}


def _gateway_news(name: str, channel: str, is_down: bool) -> News:
    kind = EventType.GATEWAY_DOWN if is_down else EventType.GATEWAY_UP
    status = "down" if is_down else "up"
    return News(kind, name, {"name": name, "channel": channel, "status": status})

"""What waits at this moment, and which processes are alive to send it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, func, select

from domain.statuses import Lane, MessageStatus
from exts import db
from models import Broadcast, Message, SeenProcess
from models.indexes import is_to_come
from services.figures import metrics
from services.process.health import LONGEST_WAIT, SEEN_WITHIN


@dataclass(frozen=True, slots=True)
class LaneView:
    """One lane: how many messages wait in it, how many of them for a time to come, and how long the oldest is due."""

    lane: Lane
    waiting: int
    later: int
    oldest_due: timedelta

    @property
    def is_late(self) -> bool:
        """Tell whether somebody should look at it."""
        return self.oldest_due > LONGEST_WAIT


@dataclass(frozen=True, slots=True)
class ProcessView:
    """One process; `kind` is `worker` or `beat`, `lanes` what a worker sends."""

    name: str
    kind: str
    lanes: tuple[str, ...]
    seen_at: datetime
    is_alive: bool


@dataclass(frozen=True, slots=True)
class RightNow:
    """The lanes, the messages of paused broadcasts, which are in no lane, and the processes."""

    lanes: list[LaneView]
    paused: int
    processes: list[ProcessView]

    @property
    def has_later(self) -> bool:
        """Tell whether messages wait for a time to come."""
        return any(lane.later for lane in self.lanes)

    @property
    def has_clock(self) -> bool:
        """Tell whether a beat was alive a moment ago."""
        return any(process.is_alive and process.kind == "beat" for process in self.processes)

    @property
    def is_late(self) -> bool:
        """Tell whether a message has waited too long."""
        return any(lane.is_late for lane in self.lanes)


def look(now: datetime | None = None) -> RightNow:
    """Return the lanes in order, and the worker and beat processes seen in the last day."""
    now = now or datetime.now(UTC)
    with db.engine.connect() as connection:
        waiting, oldest = metrics.lanes(connection, now)
        later = _later(connection, now)
        lanes = [
            LaneView(lane, waiting[lane], later.get(lane, 0), timedelta(seconds=oldest[lane]))
            for lane in Lane
        ]
        return RightNow(lanes, _paused(connection), _processes(connection, now))


def _later(connection: Connection, now: datetime) -> dict[str, int]:
    """Count by lane what is scheduled or waits for its next try; a message being sent is due at its lease's end."""
    found = (
        select(Message.lane, func.count())
        .where(is_to_come(Message.due_at, now), Message.status == MessageStatus.QUEUED.value)
        .group_by(Message.lane)
    )
    return {row.lane: row[1] for row in connection.execute(found)}


def _paused(connection: Connection) -> int:
    """Count the messages that paused broadcasts hold back."""
    paused = select(Broadcast.id).where(Broadcast.paused_at.is_not(None))
    held = select(func.count()).where(
        Message.broadcast_id.in_(paused),
        Message.status == MessageStatus.QUEUED.value,
        Message.due_at.is_(None),
    )
    return connection.scalar(held) or 0


def _processes(connection: Connection, now: datetime) -> list[ProcessView]:
    seen = SeenProcess.__table__
    rows = connection.execute(
        select(seen).where(seen.c.seen_at > now - timedelta(days=1)).order_by(seen.c.kind.desc(), seen.c.name)
    )
    return [
        ProcessView(
            name=row.name,
            kind=row.kind,
            lanes=tuple(lane for lane in row.lanes.split(",") if lane),
            seen_at=row.seen_at,
            is_alive=row.seen_at >= now - SEEN_WITHIN,
        )
        for row in rows
    ]

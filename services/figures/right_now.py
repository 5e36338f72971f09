"""What waits at this moment, and which processes are alive to send it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, select

from domain.statuses import Lane
from exts import db
from models import SeenProcess
from services.figures import metrics
from services.process.health import LONGEST_WAIT, SEEN_WITHIN


@dataclass(frozen=True, slots=True)
class LaneView:
    """One lane: how many messages wait in it, and how long the oldest due one has been due."""

    lane: Lane
    waiting: int
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
    """The lanes and the processes."""

    lanes: list[LaneView]
    processes: list[ProcessView]

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
        lanes = [LaneView(lane, waiting[lane], timedelta(seconds=oldest[lane])) for lane in Lane]
        return RightNow(lanes, _processes(connection, now))


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

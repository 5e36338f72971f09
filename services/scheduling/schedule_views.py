"""Views of schedules and their runs for pages and commands."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import defer

from domain.errors import InvalidInput, NotFound
from domain.statuses import RunState
from exts import db
from models.schedule import Schedule, ScheduleRun
from services.audit import trail
from services.process.freshness import once_in
from services.scheduling.timings import Crontab, Fields, Timing, timing
from services.storage.exact import exactly

SOON_TAKEN = timedelta(minutes=5)
LONGEST_RUN = timedelta(days=1)
COUNT_FAILING_EVERY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class RunView:
    """One run; `result` is a number, the reason of a failure, or the progress while it runs."""

    id: str
    state: RunState
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    result: str | None

    @property
    def duration(self) -> timedelta | None:
        """How long it took, None where it has not ended or never started."""
        return self.ended_at - self.started_at if self.started_at and self.ended_at else None

    @property
    def so_far(self) -> dict[str, int]:
        """The progress of a run in progress, by kind; empty until there is some."""
        if self.state is not RunState.STARTED or not self.result:
            return {}
        told = (one.rpartition(" ") for one in self.result.split(", "))
        return {name: int(number) for name, _, number in told if number.isdecimal()}

    def is_under_way(self, now: datetime) -> bool:
        """Tell whether its state may still change; a run that no worker took, or whose worker died, stays as it is."""
        if self.state is RunState.QUEUED:
            return now - self.queued_at < SOON_TAKEN
        return self.state is RunState.STARTED and now - (self.started_at or self.queued_at) < LONGEST_RUN


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """One schedule; `next_run_at` is None where it is disabled or can't be parsed."""

    id: int
    name: str
    task: str
    when: str
    every_seconds: int | None
    crontab: str | None
    fields: Fields | None
    """What the crontab line means; None for an interval, and where the line can't be parsed."""
    zone: str
    queue: str | None
    enabled: bool
    runs: int
    next_run_at: datetime | None
    last_run: RunView | None


def everything() -> list[ScheduleView]:
    """Return all schedules ordered by name."""
    rows = db.session.scalars(_rows().order_by(Schedule.name)).all()
    return [_view(row) for row in rows]


def get(name: str) -> ScheduleView:
    """Return one schedule; raises NotFound."""
    return _view(row_of(name))


def by_id(number: int) -> ScheduleView:
    """Return the schedule with this id; raises NotFound."""
    row: Schedule | None = db.session.scalar(_rows().where(Schedule.id == number))
    if row is None:
        raise NotFound("there is no such schedule")
    return _view(row)


def numbers() -> dict[str, int]:
    """Return the ids of all schedules by name."""
    return {row.name: row.id for row in db.session.execute(select(Schedule.name, Schedule.id))}


@once_in(COUNT_FAILING_EVERY_SECONDS)
def count_failing() -> int:
    """Return of how many schedules that are not paused the last run failed."""
    newest = (
        select(ScheduleRun.state)
        .where(ScheduleRun.schedule_name == Schedule.name)
        .order_by(ScheduleRun.queued_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    failing = select(func.count()).where(Schedule.enabled, newest == RunState.FAILED.value)
    with db.engine.connect() as connection:
        return connection.scalar(failing.select_from(Schedule)) or 0


def upcoming(name: str, count: int = 3) -> list[datetime]:
    """Return the next due times, none where the schedule is disabled or can't be parsed; raises NotFound."""
    row = row_of(name)
    rule = _timing(row) if row.enabled else None
    times: list[datetime] = []
    while rule and len(times) < count:
        times.append(rule.next_after(times[-1] if times else row.last_run_at))
    return times


def runs_of(name: str, count: int = 20) -> list[RunView]:
    """Return the last runs of a schedule, newest first."""
    runs = select(ScheduleRun).where(exactly(ScheduleRun.schedule_name, name))
    return [
        _run_view(run) for run in db.session.scalars(runs.order_by(ScheduleRun.queued_at.desc()).limit(count))
    ]


def row_of(name: str) -> Schedule:
    """Return the row of a schedule; raises NotFound."""
    row: Schedule | None = db.session.scalar(_rows().where(exactly(Schedule.name, name)))
    if row is None:
        raise NotFound(f"there is no schedule {name!r}")
    return row


def arguments_of(row: Schedule) -> tuple[list[Any], dict[str, Any]] | None:
    """Return the positional and named arguments of the task; None where the row can't be parsed."""
    try:
        return list(row.arguments.get("args", ())), dict(row.arguments.get("kwargs", {}))
    except (AttributeError, TypeError, ValueError):
        return None


def outline(row: Schedule) -> dict[str, Any]:
    """Return a schedule for the audit trail, without text arguments, because they could be destinations."""
    args, kwargs = arguments_of(row) or ([], {})
    given = [str(trail.outline(value)) for value in args]
    given += [f"{name}={trail.outline(value)}" for name, value in kwargs.items()]
    told = {"task": row.task, "when": when(row), "zone": row.timezone, "queue": row.queue}
    return told | {"arguments": given, "enabled": row.enabled}


def when(row: Schedule) -> str:
    """Return the crontab line of a schedule, or its interval."""
    if row.crontab is not None:
        return row.crontab
    return "never" if row.every_seconds is None else f"every {short_interval(row.every_seconds)}"


def short_interval(seconds: int) -> str:
    """Return an interval in the form that `add` takes: 90s, 5m, 1h, 2d."""
    lengths = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
    unit = next(unit for unit, length in lengths.items() if seconds % length == 0)
    return f"{seconds // lengths[unit]}{unit}"


def _rows() -> Select[Any]:
    """Select schedules with deferred arguments, so that a row with broken JSON can still be shown and removed."""
    return select(Schedule).options(defer(Schedule.arguments))


def _view(row: Schedule) -> ScheduleView:
    rule = _timing(row)
    return ScheduleView(
        id=row.id,
        name=row.name,
        task=row.task,
        when=when(row),
        every_seconds=row.every_seconds,
        crontab=row.crontab,
        fields=rule.fields if isinstance(rule, Crontab) else None,
        zone=row.timezone,
        queue=row.queue,
        enabled=row.enabled,
        runs=row.runs,
        next_run_at=rule.next_after(row.last_run_at) if rule and row.enabled else None,
        last_run=next(iter(runs_of(row.name, 1)), None),
    )


def _timing(row: Schedule) -> Timing | None:
    try:
        return timing(row.every_seconds, row.crontab, row.timezone)
    except InvalidInput:
        return None


def _run_view(run: ScheduleRun) -> RunView:
    return RunView(run.id, RunState(run.state), run.queued_at, run.started_at, run.ended_at, run.result)

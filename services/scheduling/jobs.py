"""The enabled schedules as the beat scheduler needs them: read, compared and claimed."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from sqlalchemy import Connection, Text, select, type_coerce, update

from models.schedule import Schedule
from services.scheduling import schedule_runs
from services.scheduling.firing import Firing
from services.scheduling.timings import Timing, timing

log = logging.getLogger(__name__)
schedules = Schedule.__table__

Version = tuple[int, datetime, datetime]
"""A schedule's id and the times of its last change and last run; if all are equal, the schedule is unchanged."""


@dataclass(frozen=True, slots=True)
class Job:
    """One schedule and when it is due next."""

    name: str
    version: Version
    timing: Timing
    firing: Firing = field(repr=False)
    due_at: datetime

    @property
    def last_run_at(self) -> datetime:
        """The time from which `due_at` was counted."""
        return self.version[2]

    def after_run(self, counted_from: datetime) -> Self:
        """Return the job with the next due time, after a run."""
        version = (self.version[0], self.version[1], counted_from)
        return replace(self, version=version, due_at=self.timing.next_after(counted_from))


def versions(connection: Connection) -> list[Version]:
    """Return the versions of the enabled schedules; any change shows, even with skewed clocks on other machines."""
    columns = select(schedules.c.id, schedules.c.changed_at, schedules.c.last_run_at)
    rows = connection.execute(columns.where(schedules.c.enabled.is_(True)).order_by(schedules.c.id))
    return [(row.id, row.changed_at, row.last_run_at) for row in rows]


def read(connection: Connection, known: Mapping[Version, Job | None]) -> dict[Version, Job | None]:
    """Return all enabled schedules, None where a row can't be parsed; versions in `known` are not parsed again."""
    # Arguments are read as text: one row with broken JSON must not hide the others.
    columns = [column for column in schedules.c if column.name != "arguments"]
    statement = select(*columns, type_coerce(schedules.c.arguments, Text).label("arguments"))
    jobs: dict[Version, Job | None] = {}
    for row in connection.execute(statement.where(schedules.c.enabled.is_(True))):
        version = (row.id, row.changed_at, row.last_run_at)
        jobs[version] = known[version] if version in known else _job(row, version)
    return jobs


def _job(row: Any, version: Version) -> Job | None:
    try:
        rule = timing(row.every_seconds, row.crontab, row.timezone)
        arguments = json.loads(row.arguments)
        firing = Firing(
            row.task, list(arguments.get("args", ())), dict(arguments.get("kwargs", {})), row.queue
        )
        return Job(row.name, version, rule, firing, rule.next_after(row.last_run_at))
    except Exception as error:  # noqa: BLE001 - one broken row must stop neither the clock nor the other rows
        log.error("schedule %r can't be parsed and does not run: %s", row.name, error)
        return None


def claim(connection: Connection, job: Job, run_id: str, now: datetime) -> Job | None:
    """Claim the run that is due now and record it; return None where another beat or a change was faster.

    The caller commits, and publishes only after that.
    """
    schedule_id, changed_at, last_run_at = job.version
    counted_from = job.timing.counted_from(job.due_at, now)
    claimed = connection.execute(
        update(schedules)
        .where(
            schedules.c.id == schedule_id,
            schedules.c.changed_at == changed_at,
            schedules.c.last_run_at == last_run_at,
            schedules.c.enabled.is_(True),
        )
        .values(last_run_at=counted_from, runs=schedules.c.runs + 1)
    )
    if not claimed.rowcount:
        return None
    schedule_runs.queue(connection, run_id, job.name, now)
    return job.after_run(counted_from)

"""The runs of schedules: beat inserts a row for each, and the worker completes it.

While a run is in progress, `result` holds its progress. A row never holds arguments or return values of the task,
except numbers, because either could be a code or a destination.
"""

import logging
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, update

from domain.statuses import RunState
from models.schedule import ScheduleRun

log = logging.getLogger(__name__)
runs = ScheduleRun.__table__
LONGEST_RESULT = 255
TELL_EVERY_SECONDS = 1.0


def queue(connection: Connection, run_id: str, schedule_name: str, now: datetime) -> None:
    """Record that a run is about to be published; the caller commits."""
    values = {"id": run_id, "schedule_name": schedule_name, "state": RunState.QUEUED.value, "queued_at": now}
    connection.execute(insert(runs).values(**values))


def started(engine: Engine, run_id: str, now: datetime) -> None:
    """Record that a worker has started the run."""
    _write(engine, run_id, state=RunState.STARTED.value, started_at=now, ended_at=None, result=None)


class Progress:
    """Writes a run's progress to its row, at most once a second; does nothing for a task without a run."""

    def __init__(self, engine: Engine, run_id: str | None):
        self._engine = engine
        self._run_id = run_id
        self._next = time.monotonic() + TELL_EVERY_SECONDS

    def __call__(self, done: Mapping[str, int]) -> None:
        """Write the progress as `messages 12000, broadcasts 3`, without zeros."""
        if self._run_id is None or time.monotonic() < self._next:
            return
        told = [f"{name} {number}" for name, number in done.items() if number]
        while len(", ".join(told)) > LONGEST_RESULT:
            told.pop()
        _write(self._engine, self._run_id, result=", ".join(told) or None)
        self._next = time.monotonic() + TELL_EVERY_SECONDS


def succeeded(engine: Engine, run_id: str, returned: Any, now: datetime) -> None:
    """Record that the task has succeeded, and its return value if that is a number."""
    result = str(returned)[:LONGEST_RESULT] if isinstance(returned, int | float) else None
    _write(engine, run_id, state=RunState.SUCCEEDED.value, ended_at=now, result=result)


def failed(engine: Engine, run_id: str, why: str, now: datetime) -> None:
    """Record that the run has failed; `why` is the type of the error or a text of this service."""
    _write(engine, run_id, state=RunState.FAILED.value, ended_at=now, result=why[:LONGEST_RESULT])


def _write(engine: Engine, run_id: str, **values: Any) -> None:
    """Update a row; a task must not fail because its run could not be recorded."""
    try:
        with engine.begin() as connection:
            connection.execute(update(runs).where(runs.c.id == run_id).values(**values))
    except Exception as error:  # noqa: BLE001 - see above
        log.error("run %s could not be recorded: %s", run_id, type(error).__name__)

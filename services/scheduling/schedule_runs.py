"""What became of each run of a schedule: a row that beat makes and the worker completes.

While it runs, its result is what has been done so far.
It never holds what the task was given or gave back, but for numbers: either could be a code or a destination.
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
    """Note that a run is about to be published; the caller commits."""
    values = {"id": run_id, "schedule_name": schedule_name, "state": RunState.QUEUED.value, "queued_at": now}
    connection.execute(insert(runs).values(**values))


def started(engine: Engine, run_id: str, now: datetime) -> None:
    """Note that a worker has begun."""
    _write(engine, run_id, state=RunState.STARTED.value, started_at=now, ended_at=None, result=None)


class Progress:
    """Keeps what a run has done so far in its row, written at most once a second; a task that is no run has none."""

    def __init__(self, engine: Engine, run_id: str | None):
        self._engine = engine
        self._run_id = run_id
        self._next = time.monotonic() + TELL_EVERY_SECONDS

    def __call__(self, done: Mapping[str, int]) -> None:
        """Write it down as `messages 12000, broadcasts 3`, without what there was none of."""
        if self._run_id is None or time.monotonic() < self._next:
            return
        told = [f"{name} {number}" for name, number in done.items() if number]
        while len(", ".join(told)) > LONGEST_RESULT:
            told.pop()
        _write(self._engine, self._run_id, result=", ".join(told) or None)
        self._next = time.monotonic() + TELL_EVERY_SECONDS


def succeeded(engine: Engine, run_id: str, returned: Any, now: datetime) -> None:
    """Note that the task has ended well, and what it returned if that is a number."""
    result = str(returned)[:LONGEST_RESULT] if isinstance(returned, int | float) else None
    _write(engine, run_id, state=RunState.SUCCEEDED.value, ended_at=now, result=result)


def failed(engine: Engine, run_id: str, why: str, now: datetime) -> None:
    """Note that the run has failed; `why` is the type of the error or a text of ours."""
    _write(engine, run_id, state=RunState.FAILED.value, ended_at=now, result=why[:LONGEST_RESULT])


def _write(engine: Engine, run_id: str, **values: Any) -> None:
    """Change a row; a task must not fail because its run could not be written down."""
    try:
        with engine.begin() as connection:
            connection.execute(update(runs).where(runs.c.id == run_id).values(**values))
    except Exception as error:  # noqa: BLE001 - see above
        log.error("run %s could not be written down: %s", run_id, type(error).__name__)

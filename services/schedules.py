"""Periodic jobs: add, remove, enable, disable, and run one now. A running beat follows within two seconds."""

import re
import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import Celery
from flask import current_app
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.actions import Action
from domain.errors import BrokerUnreachable, FieldProblem, InvalidInput, NotFound
from exts import db
from models.schedule import Schedule, ScheduleRun
from services import audit, schedule_runs
from services.audit import COMMAND_LINE, Actor
from services.firing import Firing, fire
from services.schedule_views import ScheduleView, get, outline, row_of
from services.timings import parse_every, timing
from services.transactions import change, transaction

LONGEST_NAME = 120
LONGEST_TASK = 200
LONGEST_LINE = 120
QUEUE = re.compile(r"[A-Za-z0-9._:-]{1,64}")


@dataclass(frozen=True, slots=True)
class NewSchedule:
    """What to add: `every` is `30s`, `5m`, `1h` or `2d`, or else `cron` a line of five fields read in `zone`."""

    name: str
    task: str
    every: str | None = None
    cron: str | None = None
    zone: str = "UTC"
    queue: str | None = None
    args: Sequence[Any] = field(default=(), repr=False)
    kwargs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    enabled: bool = True


def known_tasks() -> list[str]:
    """Return the names of the tasks that this installation has, Celery's own left out."""
    return sorted(name for name in _celery().tasks if not name.startswith("celery."))


def add(new: NewSchedule, *, force: bool = False, by: Actor = COMMAND_LINE) -> ScheduleView:
    """Add a schedule; its first run is due after one interval or at the next time of its line.

    `force` accepts a task that only another program on the broker knows. Raises InvalidInput.
    """
    every_seconds = None if new.every is None else parse_every(new.every)
    line = None if new.cron is None else " ".join(new.cron.split())
    timing(every_seconds, line, new.zone)
    _check(new, force)
    now = datetime.now(UTC)
    row = Schedule(
        name=new.name,
        task=new.task,
        arguments={"args": list(new.args), "kwargs": dict(new.kwargs)},
        every_seconds=every_seconds,
        crontab=line,
        timezone=new.zone,
        queue=new.queue,
        enabled=new.enabled,
        last_run_at=now,
        runs=0,
        changed_at=now,
    )

    def work(session: Session) -> None:
        session.add(row)
        audit.note(session, by, Action.SCHEDULE_ADDED, row.name, after=outline(row))

    try:
        transaction(work)
    except IntegrityError:
        raise InvalidInput(FieldProblem("name", "is taken by another schedule")) from None
    return get(new.name)


def remove(name: str, *, by: Actor = COMMAND_LINE) -> None:
    """Remove a schedule and what is known of its runs; raises NotFound."""

    def work(session: Session) -> None:
        before = outline(row_of(name))
        if not change(session, delete(Schedule).where(Schedule.name == name)):
            raise NotFound(f"there is no schedule {name!r}")
        audit.note(session, by, Action.SCHEDULE_REMOVED, name, before=before)
        change(session, delete(ScheduleRun).where(ScheduleRun.schedule_name == name))

    transaction(work)


def enable(name: str, *, by: Actor = COMMAND_LINE) -> ScheduleView:
    """Let a schedule run from now on, without what was due meanwhile; raises NotFound."""
    return _switch(name, by, Action.SCHEDULE_RESUMED)


def disable(name: str, *, by: Actor = COMMAND_LINE) -> ScheduleView:
    """Let a schedule run no more; raises NotFound."""
    return _switch(name, by, Action.SCHEDULE_PAUSED)


def run_now(name: str, *, by: Actor = COMMAND_LINE) -> str:
    """Fire a schedule's task now, enabled or not, without moving its next run; return the run's id.

    Raises NotFound and BrokerUnreachable.
    """
    row = row_of(name)
    firing = Firing(row.task, row.arguments.get("args", ()), row.arguments.get("kwargs", {}), row.queue)
    run_id = str(uuid.uuid4())

    def work(session: Session) -> None:
        schedule_runs.queue(session.connection(), run_id, name, datetime.now(UTC))
        audit.note(session, by, Action.SCHEDULE_RUN, name)

    transaction(work)
    try:
        fire(_celery(), run_id, firing)
    except BrokerUnreachable as error:
        schedule_runs.failed(db.engine, run_id, str(error), datetime.now(UTC))
        raise
    return run_id


def _switch(name: str, by: Actor, action: Action) -> ScheduleView:
    def work(session: Session) -> None:
        row = row_of(name)
        # Always later than before, so that a clock sees the change though this machine's time be behind.
        row.changed_at = max(datetime.now(UTC), row.changed_at + timedelta(microseconds=1))
        row.last_run_at = datetime.now(UTC)
        row.enabled = action is Action.SCHEDULE_RESUMED
        audit.note(session, by, action, name)

    transaction(work)
    return get(name)


def _check(new: NewSchedule, force: bool) -> None:
    if not 1 <= len(new.name) <= LONGEST_NAME or new.name != new.name.strip() or not _printable(new.name):
        raise InvalidInput(FieldProblem("name", f"must be 1 to {LONGEST_NAME} visible characters"))
    if not 1 <= len(new.task) <= LONGEST_TASK or not _printable(new.task):
        raise InvalidInput(FieldProblem("task", f"must be 1 to {LONGEST_TASK} visible characters"))
    if not force and new.task not in _celery().tasks:
        known = ", ".join(known_tasks())
        raise InvalidInput(FieldProblem("task", f"{new.task!r} is not known here; known are {known}"))
    if new.cron is not None and len(new.cron) > LONGEST_LINE:
        raise InvalidInput(FieldProblem("cron", f"must be at most {LONGEST_LINE} characters"))
    if new.queue is not None and not QUEUE.fullmatch(new.queue):
        raise InvalidInput(FieldProblem("queue", "must be 1 to 64 of A-Z a-z 0-9 . _ : -"))


def _printable(text: str) -> bool:
    return not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in text)


def _celery() -> Celery:
    found: Celery = current_app.extensions["celery"]
    return found

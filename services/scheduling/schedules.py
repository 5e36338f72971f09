"""Periodic jobs: add, edit, remove, enable, disable, run one now. A running beat sees a change within two seconds."""

import uuid
from datetime import UTC, datetime, timedelta

from celery import Celery
from flask import current_app
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.actions import Action
from domain.errors import BrokerUnreachable, FieldProblem, InvalidInput, NameTaken, NotFound
from exts import db
from models.schedule import Schedule, ScheduleRun
from services.audit import trail
from services.audit.trail import COMMAND_LINE, Actor
from services.scheduling import schedule_runs
from services.scheduling.firing import Firing, fire
from services.scheduling.schedule_rules import NewSchedule, columns
from services.scheduling.schedule_views import (
    ScheduleView,
    arguments_of,
    get,
    outline,
    row_of,
    short_interval,
)
from services.scheduling.task_roles import ensure_may_run
from services.scheduling.timings import timing
from services.storage.exact import exactly
from services.storage.transactions import change, transaction

RULE = ("every_seconds", "crontab", "timezone")
"""The columns that determine when a schedule is due."""


def add(new: NewSchedule, *, force: bool = False, by: Actor = COMMAND_LINE) -> ScheduleView:
    """Add a schedule; its first run is due after one interval or at the next time of its crontab line.

    `force` accepts a task that only another program on the broker knows. Raises InvalidInput and NotAllowed.
    """
    ensure_may_run(by, new.task)
    values = columns(new, force=force)
    now = datetime.now(UTC)
    row = Schedule(name=new.name, enabled=new.enabled, last_run_at=now, runs=0, changed_at=now, **values)

    def work(session: Session) -> None:
        session.add(row)
        trail.note(session, by, Action.SCHEDULE_ADDED, row.name, after=outline(row))

    try:
        transaction(work)
    except IntegrityError:
        raise NameTaken("is taken by another schedule") from None
    return get(new.name)


def edit(new: NewSchedule, *, force: bool = False, by: Actor = COMMAND_LINE) -> ScheduleView:
    """Replace the schedule of that name with `new`, except for its state; an overdue run is not fired.

    The time of the next run stays the same unless the rule changes. Raises NotFound, InvalidInput and NotAllowed.
    """
    ensure_may_run(by, new.task)
    values = columns(new, force=force)

    def work(session: Session) -> None:
        row = row_of(new.name)
        ensure_may_run(by, row.task)
        old, given = outline(row), arguments_of(row)
        keeps_its_time = _is_due_later(row) and all(getattr(row, name) == values[name] for name in RULE)
        for name, value in values.items():
            setattr(row, name, value)
        told = outline(row)
        changed = [field for field in told if told[field] != old[field]]
        if given != arguments_of(row) and "arguments" not in changed:
            changed.append("arguments")  # only texts changed, and the outline leaves those out
        if changed:
            _touch(row, keeps_its_time)
            before, after = ({field: side[field] for field in changed} for side in (old, told))
            trail.note(session, by, Action.SCHEDULE_EDITED, row.name, before=before, after=after)

    transaction(work)
    return get(new.name)


def definition(name: str) -> NewSchedule:
    """Return the `NewSchedule` that would create this schedule; raises NotFound."""
    row = row_of(name)
    args, kwargs = arguments_of(row) or ([], {})
    every = None if row.every_seconds is None else short_interval(row.every_seconds)
    return NewSchedule(
        name=row.name,
        task=row.task,
        every=every,
        cron=row.crontab,
        zone=row.timezone,
        queue=row.queue,
        args=args,
        kwargs=kwargs,
        enabled=row.enabled,
    )


def remove(name: str, *, by: Actor = COMMAND_LINE) -> None:
    """Remove a schedule and its runs; raises NotFound and NotAllowed."""

    def work(session: Session) -> None:
        row = row_of(name)
        ensure_may_run(by, row.task)
        before = outline(row)
        if not change(session, delete(Schedule).where(exactly(Schedule.name, name))):
            raise NotFound(f"there is no schedule {name!r}")
        trail.note(session, by, Action.SCHEDULE_REMOVED, name, before=before)
        change(session, delete(ScheduleRun).where(exactly(ScheduleRun.schedule_name, name)))

    transaction(work)


def enable(name: str, *, by: Actor = COMMAND_LINE) -> ScheduleView:
    """Enable a schedule, without the runs that were due while it was disabled; raises NotFound and NotAllowed."""
    return _switch(name, by, Action.SCHEDULE_RESUMED)


def disable(name: str, *, by: Actor = COMMAND_LINE) -> ScheduleView:
    """Disable a schedule; raises NotFound."""
    return _switch(name, by, Action.SCHEDULE_PAUSED)


def run_now(name: str, *, by: Actor = COMMAND_LINE) -> str:
    """Fire a schedule's task now, enabled or not, without moving its next run; return the run's id.

    Raises NotFound, NotAllowed, BrokerUnreachable, and InvalidInput where the arguments can't be read or do not fit.
    """
    row = row_of(name)
    ensure_may_run(by, row.task)
    given = arguments_of(row)
    if given is None:
        raise InvalidInput(FieldProblem("arguments", "can't be read"))
    firing = Firing(row.task, *given, row.queue)
    told = {name: value for name, value in outline(row).items() if name in ("task", "arguments")}
    run_id = str(uuid.uuid4())

    def work(session: Session) -> None:
        schedule_runs.queue(session.connection(), run_id, name, datetime.now(UTC))
        trail.note(session, by, Action.SCHEDULE_RUN, name, after=told)

    transaction(work)
    try:
        fire(_celery(), run_id, firing)
    except (BrokerUnreachable, InvalidInput) as error:
        schedule_runs.failed(db.engine, run_id, str(error), datetime.now(UTC))
        raise
    return run_id


def _switch(name: str, by: Actor, action: Action) -> ScheduleView:
    def work(session: Session) -> None:
        row = row_of(name)
        enabled = action is Action.SCHEDULE_RESUMED
        if row.enabled == enabled:
            return
        if enabled:  # anybody who may see the form may stop a schedule
            ensure_may_run(by, row.task)
        _touch(row, keeps_its_time=False)
        row.enabled = enabled
        trail.note(session, by, action, name)

    transaction(work)
    return get(name)


def _touch(row: Schedule, keeps_its_time: bool) -> None:
    # Always later than before, so that beat sees the change even if this machine's clock is behind.
    row.changed_at = max(datetime.now(UTC), row.changed_at + timedelta(microseconds=1))
    if not keeps_its_time:
        row.last_run_at = datetime.now(UTC)


def _is_due_later(row: Schedule) -> bool:
    try:
        rule = timing(row.every_seconds, row.crontab, row.timezone)
    except InvalidInput:
        return False
    return rule.next_after(row.last_run_at) > datetime.now(UTC)


def _celery() -> Celery:
    found: Celery = current_app.extensions["celery"]
    return found

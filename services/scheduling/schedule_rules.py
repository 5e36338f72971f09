"""Validate new and edited schedules; every problem is reported with its field."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from celery import Celery, Task
from flask import current_app

from domain.characters import has_unseen_characters
from domain.errors import FieldProblem, InvalidInput
from domain.retention import LEAST_AGE, is_scheduled_age
from services.scheduling.task_arguments import misfit
from services.scheduling.task_roles import PURGE
from services.scheduling.timings import parse_every, timing

LONGEST_NAME = 120
LONGEST_TASK = 200
LONGEST_LINE = 120
QUEUE = re.compile(r"[A-Za-z0-9._:-]{1,64}")


@dataclass(frozen=True, slots=True)
class NewSchedule:
    """A schedule to add, with either `every` (`30s`, `5m`, `1h`, `2d`) or `cron` (five fields, read in `zone`)."""

    name: str
    task: str
    every: str | None = None
    cron: str | None = None
    zone: str = "UTC"
    queue: str | None = None
    args: Sequence[Any] = field(default=(), repr=False)
    kwargs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    enabled: bool = True


def columns(new: NewSchedule, *, force: bool) -> dict[str, Any]:
    """Return the columns of a schedule except name and state; raises InvalidInput with every problem."""
    found = list(faults(new, force=force))
    if found:
        raise InvalidInput(*found)
    return {
        "task": new.task,
        "arguments": {"args": list(new.args), "kwargs": dict(new.kwargs)},
        "every_seconds": None if new.every is None else parse_every(new.every),
        "crontab": _line(new),
        "timezone": new.zone,
        "queue": new.queue,
    }


def known_tasks() -> list[str]:
    """Return the names of the registered tasks, without Celery's own."""
    return sorted(name for name in _tasks() if not name.startswith("celery."))


def _tasks() -> Mapping[str, Task]:
    celery: Celery = current_app.extensions["celery"]
    return cast(Mapping[str, Task], celery.tasks)


def faults(new: NewSchedule, *, force: bool) -> Iterator[FieldProblem]:
    """Yield every problem of a schedule; `force` accepts a task, and arguments, that only another program knows."""
    if (
        not 1 <= len(new.name) <= LONGEST_NAME
        or new.name != new.name.strip()
        or has_unseen_characters(new.name)
    ):
        yield FieldProblem("name", f"must be 1 to {LONGEST_NAME} visible characters")
    if not 1 <= len(new.task) <= LONGEST_TASK or has_unseen_characters(new.task):
        yield FieldProblem("task", f"must be 1 to {LONGEST_TASK} visible characters")
    elif not force and new.task not in known_tasks():
        known = ", ".join(known_tasks())
        yield FieldProblem("task", f"{new.task!r} is not known here; the known tasks are {known}")
    elif not force and (problem := misfit(_tasks()[new.task], new.args, new.kwargs)):
        yield problem
    if new.cron is not None and len(new.cron) > LONGEST_LINE:
        yield FieldProblem("cron", f"must be at most {LONGEST_LINE} characters")
    else:
        try:
            timing(None if new.every is None else parse_every(new.every), _line(new), new.zone)
        except InvalidInput as error:
            yield from error.problems
    if new.task == PURGE and not _is_old_enough(new):
        yield FieldProblem("older_than_days", f"must be at least {LEAST_AGE.days}")
    if new.queue is not None and not QUEUE.fullmatch(new.queue):
        yield FieldProblem("queue", "must be 1 to 64 of A-Z a-z 0-9 . _ : -")


def _is_old_enough(new: NewSchedule) -> bool:
    given = new.args[0] if new.args else new.kwargs.get("older_than_days", LEAST_AGE.days)
    return is_scheduled_age(given)


def _line(new: NewSchedule) -> str | None:
    return None if new.cron is None else " ".join(new.cron.split())

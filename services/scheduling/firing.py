"""Publish one task of a schedule to the broker, with a short timeout."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from celery import Celery

from domain.errors import BrokerUnreachable, InvalidInput
from domain.task_headers import FIRED
from services.process.broker_connections import impatient_connection
from services.scheduling.task_arguments import misfit

SOCKET_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Firing:
    """A task to run, by a name that may be unknown here, with its arguments and queue."""

    task: str
    args: Sequence[Any] = field(default=(), repr=False)
    kwargs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    queue: str | None = None


def fire(celery: Celery, run_id: str, firing: Firing, expires_at: datetime | None = None) -> None:
    """Publish the task with `run_id` as its id; with `CELERY_TASK_ALWAYS_EAGER` run it in this process.

    A task with `arguments_in_row` is published without its arguments, which may be destinations: the worker reads them
    from the schedule (`run_arguments.of`). A worker that gets it after `expires_at` drops it. Raises BrokerUnreachable
    after a few seconds at most; even then, the task may have been published. Raises InvalidInput where a task of ours
    takes other arguments.
    """
    task = celery.tasks.get(firing.task)
    if task is not None and (problem := misfit(task, firing.args, firing.kwargs)):
        raise InvalidInput(problem)
    options: dict[str, Any] = {
        "task_id": run_id,
        "headers": {FIRED: True},
        "expires": expires_at,
        "retry": False,
    }
    if firing.queue:
        options["queue"] = firing.queue
    if task is not None and celery.conf.task_always_eager:
        task.apply_async(firing.args, dict(firing.kwargs), **options)
        return
    try:
        # A new connection each time: a pooled one would fail once after every restart of the broker.
        with impatient_connection(celery, SOCKET_SECONDS) as connection:
            options["producer"] = celery.amqp.Producer(connection, auto_declare=False)
            if task is not None and task.arguments_in_row:
                celery.send_task(firing.task, **options)
            elif task is not None:
                task.apply_async(firing.args, dict(firing.kwargs), **options)
            else:
                celery.send_task(firing.task, firing.args, dict(firing.kwargs), **options)
    except Exception as error:
        kind = type(error.__cause__ or error).__name__
        raise BrokerUnreachable(f"the broker could not be reached ({kind})") from error


def is_fired(request: Any) -> bool:
    """Tell from a task's request whether a schedule fired it."""
    return bool(getattr(request, FIRED, False) or (getattr(request, "headers", None) or {}).get(FIRED))

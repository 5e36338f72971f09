"""`flask --app app schedules`: periodic jobs; changes need no restart."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from commands.groups import DatabaseGroup, show_columns
from domain import schedule_arguments
from domain.errors import BrokerUnreachable, InvalidInput, NotFound
from services.scheduling import schedule_views
from services.scheduling import schedules as service
from services.scheduling.schedule_rules import NewSchedule, known_tasks
from services.scheduling.schedule_views import ScheduleView

HEADINGS = ("NAME", "TASK", "WHEN", "ZONE", "ENABLED", "LAST RUN", "NEXT RUN", "LAST RESULT")
schedules = DatabaseGroup(
    "schedules", help="Periodic jobs; a running beat sees every change within two seconds."
)


@schedules.command("list")
def show() -> None:
    """Show all schedules; times are in each schedule's zone."""
    show_columns([HEADINGS, *map(_cells, schedule_views.everything())])


@schedules.command("add")
@click.argument("name")
@click.argument("task")
@click.option("--every", metavar="AGE", help="Interval: 30s, 5m, 1h, 2d.")
@click.option("--cron", metavar="LINE", help='Five fields, as in "17 3 * * *".')
@click.option("--zone", default="UTC", show_default=True, help="Time zone of --cron, as in Europe/Berlin.")
@click.option("--queue", help="Queue other than the task's own.")
@click.option("--args", default="[]", metavar="JSON", help="Positional arguments, a list.")
@click.option("--kwargs", default="{}", metavar="JSON", help="Named arguments, an object.")
@click.option("--disabled", is_flag=True, help="Add it without enabling it yet.")
@click.option("--force", is_flag=True, help="Accept a task, or arguments, that only another program knows.")
def add(
    name: str,
    task: str,
    every: str | None,
    cron: str | None,
    zone: str,
    queue: str | None,
    args: str,
    kwargs: str,
    disabled: bool,
    force: bool,
) -> None:
    """Add a schedule that runs TASK."""
    given = {"args": _json("--args", args, list), "kwargs": _json("--kwargs", kwargs, dict)}
    new = NewSchedule(name, task, every, cron, zone, queue, enabled=not disabled, **given)
    with _plain_errors():
        added = service.add(new, force=force)
    click.echo(f"{name} added, next run {_time(added.next_run_at, zone)}")


@schedules.command("edit")
@click.argument("name")
@click.option("--task", help="The task to run instead.")
@click.option("--every", metavar="AGE", help="Interval: 30s, 5m, 1h, 2d.")
@click.option("--cron", metavar="LINE", help='Five fields, as in "17 3 * * *".')
@click.option("--zone", help="Time zone of --cron, as in Europe/Berlin.")
@click.option("--queue", help="Queue other than the task's own.")
@click.option("--args", metavar="JSON", help="Positional arguments, a list.")
@click.option("--kwargs", metavar="JSON", help="Named arguments, an object.")
@click.option("--force", is_flag=True, help="Accept a task, or arguments, that only another program knows.")
def edit(name: str, force: bool, args: str | None, kwargs: str | None, **given: str | None) -> None:
    """Change the given options of a schedule; the others stay. An overdue run is not made up."""
    changes: dict[str, Any] = {option: value for option, value in given.items() if value is not None}
    if given["every"] or given["cron"]:
        changes |= {"every": given["every"], "cron": given["cron"]}
    if args is not None:
        changes["args"] = _json("--args", args, list)
    if kwargs is not None:
        changes["kwargs"] = _json("--kwargs", kwargs, dict)
    with _plain_errors():
        known = service.definition(name)
        is_foreign = "task" not in changes and known.task not in known_tasks()
        view = service.edit(replace(known, **changes), force=force or is_foreign)
    click.echo(f"{name} changed, next run {_time(view.next_run_at, view.zone)}")


@schedules.command("remove")
@click.argument("name")
def remove(name: str) -> None:
    """Remove a schedule."""
    with _plain_errors():
        service.remove(name)
    click.echo(f"{name} removed")


@schedules.command("enable")
@click.argument("name")
def enable(name: str) -> None:
    """Enable a schedule; runs that were missed are not made up."""
    with _plain_errors():
        view = service.enable(name)
    click.echo(f"{name} enabled, next run {_time(view.next_run_at, view.zone)}")


@schedules.command("disable")
@click.argument("name")
def disable(name: str) -> None:
    """Disable a schedule."""
    with _plain_errors():
        service.disable(name)
    click.echo(f"{name} disabled")


@schedules.command("run")
@click.argument("name")
def run(name: str) -> None:
    """Run a schedule's task now, once, enabled or not."""
    with _plain_errors():
        run_id = service.run_now(name)
    click.echo(f"{name} fired, run {run_id}")


def _cells(view: ScheduleView) -> tuple[str, ...]:
    last = view.last_run
    outcome = "-" if last is None else last.state.value + (f" ({last.result})" if last.result else "")
    return (
        view.name,
        view.task,
        view.when,
        view.zone,
        "yes" if view.enabled else "no",
        _time(last.queued_at if last else None, view.zone),
        _time(view.next_run_at, view.zone),
        outcome,
    )


def _time(moment: datetime | None, zone: str) -> str:
    if moment is None:
        return "-"
    try:
        return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S %Z")
    except (ValueError, OSError, KeyError):  # the row names a zone that this machine does not know
        return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def _json(option: str, text: str, kind: type) -> Any:
    try:
        return schedule_arguments.read(text, kind)
    except ValueError:
        wanted = "a list, as in [30]" if kind is list else 'an object, as in {"older_than_days": 30}'
        raise click.ClickException(f"{option} must be JSON: {wanted}") from None


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Report errors in one line, with exit status 1."""
    try:
        yield
    except InvalidInput as error:
        raise click.ClickException(
            "; ".join(f"{one.field} {one.message}" for one in error.problems)
        ) from error
    except BrokerUnreachable as error:
        raise click.ClickException(f"{error}: see CELERY_BROKER_URL") from error
    except NotFound as error:
        raise click.ClickException(str(error)) from error

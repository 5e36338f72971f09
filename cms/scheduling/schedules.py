"""The schedules: list, details with the last runs, run now, pause, resume, remove."""

from collections.abc import Callable
from datetime import UTC, datetime

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from werkzeug.wrappers import Response

from cms.access.guard import console, needs
from cms.access.identity import actor, signed_in
from cms.scheduling import crontab_words
from domain.errors import BrokerUnreachable, InvalidInput
from domain.roles import Role
from services.scheduling import schedule_views, task_roles
from services.scheduling import schedules as service
from services.scheduling.schedule_views import ScheduleView

DONE = {
    "messages": lazy_gettext("Messages"),
    "broadcasts": lazy_gettext("Broadcasts"),
    "verifications": lazy_gettext("Verifications"),
    "limit windows": lazy_gettext("Limit windows"),
    "short windows": lazy_gettext("Windows of prefixes and addresses"),
    "idempotent answers": lazy_gettext("Idempotent answers"),
    "schedule runs": lazy_gettext("Runs of schedules"),
    "sessions": lazy_gettext("Sessions"),
    "invitations": lazy_gettext("Invitations"),
    "sign-ins": lazy_gettext("Sign-ins"),
    "sign-in steps": lazy_gettext("Unfinished sign-ins"),
    "closed prefixes": lazy_gettext("Closed prefixes"),
    "requests": lazy_gettext("Requests of programs"),
    "hours of requests": lazy_gettext("Hours of requests"),
    "processes": lazy_gettext("Processes"),
    "hours": lazy_gettext("Hours"),
}
"""Counters that a run can report so far."""


@console.get("/schedules")
def schedules() -> str:
    """List all schedules."""
    return render_template(
        "cms/scheduling/schedules.html",
        schedules=schedule_views.everything(),
        rule_text=rule_text,
    )


@console.get("/schedules/<int:number>")
def schedule(number: int) -> str:
    """Show one schedule with its last runs."""
    shown = schedule_views.by_id(number)
    runs, now = schedule_views.runs_of(shown.name), datetime.now(UTC)
    return render_template(
        "cms/scheduling/schedule.html",
        schedule=shown,
        definition=service.definition(shown.name),
        needed=task_roles.needed(shown.task),
        may_run=may_run(shown.task),
        upcoming=schedule_views.upcoming(shown.name),
        runs=runs,
        is_under_way=any(run.is_under_way(now) for run in runs),
        done=DONE,
        rule_text=rule_text,
    )


@console.post("/schedules/<int:number>/run")
@needs(Role.OPERATOR)
def run_schedule(number: int) -> Response:
    """Run the task now, once."""
    shown = schedule_views.by_id(number)
    try:
        service.run_now(shown.name, by=actor())
    except BrokerUnreachable:
        flash(_("It could not be started: the broker does not answer. Try again when it is back."), "error")
    except InvalidInput:
        flash(_("It could not be started: its arguments can't be read. Edit it first."), "error")
    else:
        flash(_("Started. Its progress is shown below."), "success")
    return _back_to(shown)


@console.post("/schedules/<int:number>/pause")
@needs(Role.OPERATOR)
def pause_schedule(number: int) -> Response:
    """Pause a schedule."""
    return _change(number, service.disable, _("Paused. It does not run until you resume it."))


@console.post("/schedules/<int:number>/resume")
@needs(Role.OPERATOR)
def resume_schedule(number: int) -> Response:
    """Resume a schedule."""
    return _change(number, service.enable, _("Resumed. Missed runs are not made up for."))


@console.get("/schedules/<int:number>/remove")
@needs(Role.OPERATOR)
def confirm_schedule_removal(number: int) -> str:
    """Ask for confirmation."""
    shown = schedule_views.by_id(number)
    task_roles.ensure_may_run(actor(), shown.task)
    return render_template(
        "cms/frame/confirm.html",
        title=_("Remove “%(name)s”?", name=shown.name),
        text=_(
            "It will not run again, and the history of its runs is deleted. To keep both, pause it instead."
        ),
        action=_("Remove"),
        back=url_for("cms.schedule", number=number),
    )


@console.post("/schedules/<int:number>/remove")
@needs(Role.OPERATOR)
def remove_schedule(number: int) -> Response:
    """Remove a schedule and its runs."""
    shown = schedule_views.by_id(number)
    service.remove(shown.name, by=actor())
    flash(_("“%(name)s” is removed.", name=shown.name), "success")
    return redirect(url_for("cms.schedules"), 303)


def may_run(task: str) -> bool:
    """Tell whether the person signed in may have a schedule run this task, and see what it is given."""
    return signed_in().administrator.role.covers(task_roles.needed(task))


def rule_text(shown: ScheduleView) -> str | None:
    """Return when a schedule runs, in words; None where only its crontab line says it."""
    seconds = shown.every_seconds
    if seconds is None and shown.crontab:
        return crontab_words.words(shown.fields) if shown.fields else None
    if seconds is None:
        return _("never")
    if seconds % 86_400 == 0:
        return ngettext("every day", "every %(num)s days", seconds // 86_400)
    if seconds % 3600 == 0:
        return ngettext("every hour", "every %(num)s hours", seconds // 3600)
    if seconds % 60 == 0:
        return ngettext("every minute", "every %(num)s minutes", seconds // 60)
    return ngettext("every second", "every %(num)s seconds", seconds)


def _change(number: int, change: Callable[..., object], text: str) -> Response:
    shown = schedule_views.by_id(number)
    change(shown.name, by=actor())
    flash(text, "success")
    return _back_to(shown)


def _back_to(shown: ScheduleView) -> Response:
    return redirect(url_for("cms.schedule", number=shown.id), 303)

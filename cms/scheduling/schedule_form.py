"""The form that adds or edits a schedule; it keeps what was typed until it is valid."""

import json
from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.datastructures import MultiDict

from cms.access.guard import console, needs
from cms.access.identity import actor
from cms.errors.error_texts import Answer
from cms.frame.times import zone_name
from cms.scheduling import schedule_faults, task_fields
from cms.scheduling.schedules import may_run
from domain import schedule_arguments
from domain.errors import FieldProblem, InvalidInput
from domain.roles import Role
from domain.statuses import Lane
from services.scheduling import schedule_rules, schedule_views, task_roles
from services.scheduling import schedules as service
from services.scheduling.schedule_rules import NewSchedule
from services.scheduling.schedule_views import ScheduleView

OTHER_TASK = ""
"""The value of the task list when the name of another program's task is typed instead."""
UNTOUCHED_ZONE = "UTC"
"""What the page shows where there is none; beside positional arguments, fields that nobody touched say nothing."""
NO_TASK = "none"
"""Its value until somebody chooses."""
TASKS = {
    "send_mail": lazy_gettext("sends a mail"),
    "ccp_send_sms_code": lazy_gettext("sends a code by SMS"),
    "sendcode.hourly_report": lazy_gettext("mails a summary of the last hour"),
    "sendcode.daily_report": lazy_gettext("mails yesterday's registrations and sends"),
    "sendcode.purge": lazy_gettext("deletes old data"),
    "sendcode.roll_up": lazy_gettext("updates the statistics"),
    "sendcode.read_bounces": lazy_gettext("reads the mailbox for bounces"),
    "sendcode.drain": lazy_gettext("sends waiting messages"),
}
"""What our own tasks do."""


@console.get("/schedules/new")
@needs(Role.OPERATOR)
def new_schedule() -> str:
    """Show the empty form."""
    start = {"task": NO_TASK, "timing": "every", "number": "1", "unit": "h", "enabled": "1"}
    return _page(None, MultiDict({**start, "zone": zone_name(), "report_zone": zone_name()}), {})


@console.post("/schedules/new")
@needs(Role.OPERATOR)
def add_schedule() -> Answer:
    """Add a schedule."""
    try:
        new = _read(request.form.get("name", "").strip(), request.form)
        added = service.add(new, force=_is_foreign(request.form), by=actor())
    except InvalidInput as error:
        return _refused(None, error)
    flash(_("“%(name)s” is added.", name=added.name), "success")
    return redirect(url_for("cms.schedule", number=added.id), 303)


@console.get("/schedules/<int:number>/edit")
@needs(Role.OPERATOR)
def edit_schedule(number: int) -> str:
    """Show the form filled with the schedule."""
    shown = schedule_views.by_id(number)
    task_roles.ensure_may_run(actor(), shown.task)
    return _page(shown, _typed(service.definition(shown.name)), {})


@console.post("/schedules/<int:number>/edit")
@needs(Role.OPERATOR)
def save_schedule(number: int) -> Answer:
    """Change a schedule."""
    shown = schedule_views.by_id(number)
    try:
        new = _read(shown.name, request.form)
        service.edit(new, force=_is_foreign(request.form), by=actor())
    except InvalidInput as error:
        return _refused(shown, error)
    flash(_("Saved. Overdue runs are skipped."), "success")
    return redirect(url_for("cms.schedule", number=number), 303)


def _refused(shown: ScheduleView | None, error: InvalidInput) -> Answer:
    texts = schedule_faults.texts(error, has_args=bool(request.form.get("args")))
    return _page(shown, request.form, texts), 422


def _read(name: str, form: Mapping[str, str]) -> NewSchedule:
    """Return what was typed. Raises InvalidInput if arguments are not valid JSON."""
    given, faults = {}, []
    for field, kind in (("args", list), ("kwargs", dict)):
        try:
            given[field] = _json(form.get(field, ""), kind)
        except InvalidInput:
            faults.append(FieldProblem(field, "can't be read"))
    try:
        fields = task_fields.read(_task(form), form)
    except InvalidInput as error:
        faults += error.problems
    else:
        beside = ("", UNTOUCHED_ZONE, [], None) if given.get("args") else ()
        told = {name: value for name, value in fields.items() if value not in beside}
        given["kwargs"] = {**given.get("kwargs", {}), **told}
    is_interval = form.get("timing") != "cron"
    new = NewSchedule(
        name=name,
        task=_task(form),
        every=form.get("number", "").strip() + form.get("unit", "") if is_interval else None,
        cron=None if is_interval else form.get("cron", ""),
        zone=form.get("zone", ""),
        queue=form.get("queue", "").strip() or None,
        enabled="enabled" in form,
        **given,
    )
    if faults:
        raise InvalidInput(*faults, *schedule_rules.faults(new, force=_is_foreign(form)))
    return new


def _json(text: str, kind: type) -> Any:
    if not text.strip():
        return kind()
    try:
        return schedule_arguments.read(text, kind)
    except ValueError:
        raise InvalidInput(FieldProblem(kind.__name__, "can't be read")) from None


def _is_foreign(form: Mapping[str, str]) -> bool:
    return form.get("task", OTHER_TASK) == OTHER_TASK


def _task(form: Mapping[str, str]) -> str:
    return form.get("other_task", "").strip() if _is_foreign(form) else form["task"]


def _typed(known: NewSchedule) -> MultiDict[str, str]:
    """Return the form fields that produce this schedule."""
    every = known.every or "1h"
    is_ours = known.task in schedule_rules.known_tasks()
    fields, others = ({}, known.kwargs) if known.args else task_fields.fill(known.task, known.kwargs)
    return MultiDict(
        {
            "task": known.task if is_ours else OTHER_TASK,
            "other_task": "" if is_ours else known.task,
            "timing": "cron" if known.cron is not None else "every",
            "number": every[:-1],
            "unit": every[-1:],
            "cron": known.cron or "",
            "zone": known.zone,
            "queue": known.queue or "",
            "args": _text(known.args),
            "kwargs": _text(others),
            **fields,
        }
    )


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) if value else ""


def _page(shown: ScheduleView | None, typed: Mapping[str, str], errors: Mapping[str, str]) -> str:
    return render_template(
        "cms/scheduling/schedule_form.html",
        schedule=shown,
        typed=typed,
        errors=errors,
        tasks={name: TASKS.get(name) for name in (*TASKS, *schedule_rules.known_tasks()) if may_run(name)},
        no_task=NO_TASK,
        may_run_others=may_run(OTHER_TASK),
        queues=["celery", *Lane],
        longest_name=schedule_rules.LONGEST_NAME,
    )

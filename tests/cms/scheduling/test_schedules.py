"""Schedules: listed, added, edited, paused, run and removed without JavaScript."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from domain.roles import Role
from exts import db
from services.audit import trail
from services.people import administrators
from services.process.freshness import STORE
from services.process.housekeeping import say_alive
from services.scheduling import schedule_runs, schedules
from services.scheduling.schedule_rules import NewSchedule
from services.scheduling.schedule_views import everything, runs_of
from tests.cms.conftest import EMAIL, PASSWORD, Visitor

TYPED = {
    "name": "nightly",
    "task": "sendcode.purge",
    "timing": "cron",
    "cron": "17 3 * * *",
    "zone": "Asia/Shanghai",
    "kwargs": '{"older_than_days": 9}',
    "enabled": "1",
}


@pytest.fixture
def nightly(app: Flask) -> int:
    """Add a schedule; return its number."""
    with app.app_context():
        new = NewSchedule("nightly", "sendcode.purge", cron="17 3 * * *", kwargs={"older_than_days": 9})
        return schedules.add(new).id


def add(visitor: Visitor, **changes: str) -> TestResponse:
    return visitor.submit("/cms/schedules/new", page="/cms/schedules/new", **TYPED | changes)


def the_one(app: Flask) -> Any:
    with app.app_context():
        (found,) = everything()
        return found


def test_an_empty_list_says_what_to_do(signed_in: Visitor) -> None:
    page = signed_in.get("/cms/schedules").text
    assert "Nothing runs by itself yet" in page
    assert 'href="/cms/schedules/new"' in page


def test_the_next_run_is_shown_in_the_readers_time_zone(signed_in: Visitor, nightly: int) -> None:
    signed_in.submit("/cms/account/zone", zone="Asia/Shanghai")
    for path in ("/cms/schedules", f"/cms/schedules/{nightly}"):
        page = signed_in.get(path).text
        assert "11:17:00" in page
        assert "17 3 * * *" in page
        assert "Times are in Asia/Shanghai." in page
        assert "No clock is running" in page


def test_no_warning_where_a_clock_runs(signed_in: Visitor, nightly: int, app: Flask) -> None:
    with app.app_context():
        say_alive(db.engine, "beat", (), datetime.now(UTC))
    assert "No clock is running" not in signed_in.get("/cms/schedules").text


def test_a_schedule_is_added_as_typed(signed_in: Visitor, app: Flask) -> None:
    answer = add(signed_in)
    added = the_one(app)
    assert answer.location == f"/cms/schedules/{added.id}"
    assert (added.when, added.zone, added.enabled, added.queue) == ("17 3 * * *", "Asia/Shanghai", True, None)
    with app.app_context():
        assert schedules.definition("nightly").kwargs == {"older_than_days": 9}
        entry = trail.entries().shown[0]
    assert (entry.actor, entry.ip, entry.action) == (EMAIL, "127.0.0.1", "schedule.added")


def test_every_error_is_shown_beside_its_field_and_the_input_is_kept(signed_in: Visitor, app: Flask) -> None:
    faults = {
        "name": " ",
        "cron": "99 * * * *",
        "queue": "no queue",
        "args": '{"a": 1}',
        "kwargs": "[" * 20_000,
    }
    answer = add(signed_in, **faults)
    assert answer.status_code == 422
    assert "5 fields need another look." in answer.text
    for field in ("name", "cron", "queue", "args", "kwargs"):
        assert f'id="{field}-error"' in answer.text
        assert re.search(rf'<(input|textarea)[^>]*name="{field}"[^>]*aria-invalid="true"', answer.text)
    assert 'value="99 * * * *"' in answer.text
    assert "{&#34;a&#34;: 1}</textarea>" in answer.text
    with app.app_context():
        assert everything() == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"timing": "every", "number": "soon", "unit": "h"}, "number"),
        ({"timing": "every", "number": "5", "unit": ""}, "number"),
        ({"task": "", "other_task": ""}, "other_task"),
        ({"task": "nothing"}, "task"),
        ({"kwargs": '{"a": NaN}'}, "kwargs"),
        ({"args": "[1e400]"}, "args"),
        ({"kwargs": '{"a": "\\ud800"}'}, "kwargs"),
        ({"zone": "Nowhere"}, "zone"),
    ],
)
def test_an_invalid_value_is_refused(signed_in: Visitor, changes: dict[str, str], field: str) -> None:
    answer = add(signed_in, **changes)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text


def test_a_wrong_crontab_line_is_refused_with_the_five_fields(signed_in: Visitor) -> None:
    answer = add(signed_in, timing="cron", cron="99 * * * *")
    assert answer.status_code == 422
    assert "Write minute, hour, day, month and weekday" in answer.text


def test_a_name_must_be_unique(signed_in: Visitor, nightly: int) -> None:
    answer = add(signed_in)
    assert answer.status_code == 422
    assert "Another schedule has this name." in answer.text


def test_a_task_of_another_program_is_named(signed_in: Visitor, app: Flask) -> None:
    add(signed_in, task="", other_task="reports.mail", queue="reports", timing="every", number="5", unit="m")
    added = the_one(app)
    assert (added.task, added.queue, added.every_seconds) == ("reports.mail", "reports", 300)
    form = signed_in.get(f"/cms/schedules/{added.id}/edit").text
    assert 'value="reports.mail"' in form
    assert re.search(r'name="number"[^>]*value="5"', form)


def test_an_edit_changes_only_the_edited_fields_and_fires_nothing(
    signed_in: Visitor, nightly: int, app: Flask
) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(days=3)):
        signed_in.sign_in()
        page = f"/cms/schedules/{nightly}/edit"
        assert "older_than_days" in signed_in.get(page).text
        answer = signed_in.submit(page, page=page, **TYPED | {"name": "other", "kwargs": ""})
        assert answer.location == f"/cms/schedules/{nightly}"
        edited = the_one(app)
        assert (edited.name, edited.zone, edited.runs) == ("nightly", "Asia/Shanghai", 0)
        assert edited.next_run_at > datetime.now(UTC)


def test_a_schedule_is_paused_resumed_run_and_removed(signed_in: Visitor, nightly: int, app: Flask) -> None:
    page = f"/cms/schedules/{nightly}"
    signed_in.submit(f"{page}/pause", page=page)
    assert ">Paused<" in signed_in.get(page).text
    signed_in.submit(f"{page}/resume", page=page)
    assert ">Active<" in signed_in.get(page).text
    assert signed_in.submit(f"{page}/run", page=page).location == page
    shown = signed_in.get(page).text
    assert ">Done<" in shown
    assert "Started." in shown
    asked = signed_in.get(f"{page}/remove").text
    assert "Remove “nightly”?" in asked
    assert signed_in.submit(f"{page}/remove", page=f"{page}/remove").location == "/cms/schedules"
    assert signed_in.get(page).status_code == 404
    with app.app_context():
        told = [entry.action for entry in trail.entries().shown if entry.actor == EMAIL]
    assert told == ["schedule.removed", "schedule.run", "schedule.resumed", "schedule.paused"]


def test_a_dead_broker_is_reported_and_the_run_recorded(signed_in: Visitor, nightly: int, app: Flask) -> None:
    app.extensions["celery"].conf.task_always_eager = False
    page = f"/cms/schedules/{nightly}"
    signed_in.submit(f"{page}/run", page=page)
    shown = signed_in.get(page).text
    assert "the broker does not answer" in shown
    assert ">Failed<" in shown
    with app.app_context():
        assert len(runs_of("nightly")) == 1


def test_a_broken_row_can_be_shown_and_repaired(signed_in: Visitor, nightly: int, app: Flask) -> None:
    with app.app_context():
        db.session.execute(sa.text("UPDATE schedule SET arguments = '{', timezone = 'Nowhere'"))
        db.session.commit()
    page = f"/cms/schedules/{nightly}"
    assert "be read" in signed_in.get("/cms/schedules").text
    assert "Edit it and save it again." in signed_in.get(page).text
    signed_in.submit(f"{page}/run", page=page)
    assert "be read. Edit it first." in signed_in.get(page).text
    assert signed_in.submit(f"{page}/edit", page=f"{page}/edit", **TYPED).status_code == 303
    assert ">Active<" in signed_in.get(page).text


def test_a_viewer_sees_no_buttons_and_no_arguments(visitor: Visitor, nightly: int, app: Flask) -> None:
    with app.app_context():
        administrators.add("kim@example.org", Role.VIEWER, PASSWORD)
        arguments = {"recipients": ["ops@example.org"]}
        report = schedules.add(NewSchedule("report", "sendcode.daily_report", every="1d", kwargs=arguments))
    visitor.sign_in("kim@example.org")
    page = visitor.get(f"/cms/schedules/{report.id}").text
    assert "ops@example.org" not in page
    assert "shown to operators only" in page
    page = visitor.get(f"/cms/schedules/{nightly}").text
    assert "older_than_days" not in page
    assert "shown to owners only" in page
    assert set(re.findall(r'<form[^>]*action="([^"]+)"', page)) == {"/cms/logout", "/cms/search"}
    assert "/new" not in visitor.get("/cms/schedules").text


def test_an_operator_pauses_an_owners_schedule_and_sees_none_of_its_arguments(
    visitor: Visitor, app: Flask
) -> None:
    with app.app_context():
        administrators.add("kim@example.org", Role.OPERATOR, PASSWORD)
        given = {"subject": "Hi", "recipients": ["jane@example.org"], "body": "a secret"}
        mail = schedules.add(NewSchedule("mail", "send_mail", every="1d", kwargs=given))
    visitor.sign_in("kim@example.org")
    page = f"/cms/schedules/{mail.id}"
    shown = visitor.get(page).text
    assert "shown to owners only" in shown
    assert set(re.findall(rf'"({page}/[a-z]+)"', shown)) == {f"{page}/pause"}
    assert not re.search("jane@example.org|a secret", shown)
    assert visitor.get(f"{page}/edit").status_code == 403
    visitor.submit(f"{page}/pause", page=page)
    assert set(re.findall(rf'"({page}/[a-z]+)"', visitor.get(page).text)) == set()


def test_a_run_shows_its_progress_until_it_has_ended(
    signed_in: Visitor, nightly: int, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    with app.app_context():
        with db.engine.begin() as connection:
            schedule_runs.queue(connection, "1", "nightly", now)
        schedule_runs.started(db.engine, "1", now - timedelta(minutes=1))
        done = {"messages": 12_000, "limit windows": 7}
        monkeypatch.setattr(schedule_runs, "TELL_EVERY_SECONDS", 0)
        schedule_runs.Progress(db.engine, "1")(done)
    page = signed_in.get(f"/cms/schedules/{nightly}").text
    assert "Messages 12,000, Limit windows 7" in page
    assert "so far" in page
    assert 'id="runs" data-pending="2"' in page
    with app.app_context():
        schedule_runs.succeeded(db.engine, "1", 12_007, now)
    page = signed_in.get(f"/cms/schedules/{nightly}").text
    assert "so far" not in page
    assert "data-pending" not in page


@pytest.mark.parametrize(("state", "age"), [("queued", timedelta(hours=1)), ("started", timedelta(days=2))])
def test_the_page_does_not_wait_for_an_abandoned_run(
    signed_in: Visitor, nightly: int, app: Flask, state: str, age: timedelta
) -> None:
    at = datetime.now(UTC) - age
    with app.app_context():
        with db.engine.begin() as connection:
            schedule_runs.queue(connection, "1", "nightly", at)
        if state == "started":
            schedule_runs.started(db.engine, "1", at)
    assert "data-pending" not in signed_in.get(f"/cms/schedules/{nightly}").text


REPORT = TYPED | {
    "name": "report",
    "task": "sendcode.daily_report",
    "kwargs": "",
    "recipients": "ops@example.org\r\n\r\n kim@example.org ",
    "locale": "zh",
    "report_zone": "Asia/Shanghai",
}


def test_a_report_is_a_form_without_json(signed_in: Visitor, app: Flask) -> None:
    page = signed_in.submit("/cms/schedules/new", **REPORT).location
    arguments = {
        "recipients": ["ops@example.org", "kim@example.org"],
        "locale": "zh",
        "zone": "Asia/Shanghai",
    }
    with app.app_context():
        assert schedules.definition("report").kwargs == arguments
    form = signed_in.get(f"{page}/edit").text
    assert "ops@example.org\nkim@example.org</textarea>" in form
    assert re.search(r'<textarea name="kwargs"[^>]*></textarea>', form)
    assert re.search(r'<option value="zh"[^>]* selected', form)
    signed_in.submit(f"{page}/edit", **REPORT | {"recipients": "", "locale": ""})
    with app.app_context():
        assert schedules.definition("report").kwargs == {"recipients": [], "zone": "Asia/Shanghai"}
    assert "Nobody gets this report yet." in signed_in.get(page).text


def test_the_fields_of_other_tasks_are_ignored(signed_in: Visitor, app: Flask) -> None:
    signed_in.submit("/cms/schedules/new", **REPORT | {"task": "sendcode.purge", "older_than_days": "40"})
    with app.app_context():
        assert schedules.definition("report").kwargs == {"older_than_days": 40}


@pytest.mark.parametrize(
    ("changes", "field", "text"),
    [
        ({"recipients": "ops@example.org\nnobody\n\n@"}, "recipients", "not an e-mail address: 2, 4"),
        ({"report_zone": "Nowhere"}, "report_zone", "Choose one from the list."),
        ({"task": "sendcode.purge", "older_than_days": "soon"}, "older_than_days", "at least 1"),
        ({"task": "sendcode.purge", "older_than_days": "0"}, "older_than_days", "at least 1"),
        ({"task": "none"}, "task", "Choose a task"),
        ({"kwargs": '{"copies": 2}'}, "kwargs", "takes other arguments: (recipients=(), locale=None, zone="),
        ({"task": "send_mail", "args": "[1]"}, "args", "other arguments: (subject, recipients, body)"),
        ({"task": "sendcode.roll_up", "args": "[1]"}, "args", "takes no arguments"),
    ],
)
def test_a_wrong_argument_is_told_beside_its_field(
    signed_in: Visitor, changes: dict[str, str], field: str, text: str
) -> None:
    answer = signed_in.submit("/cms/schedules/new", **REPORT | changes)
    assert answer.status_code == 422
    told = re.search(rf'id="{field}-error">([^<]+)<', answer.text)
    assert told
    assert text in told[1]


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ([["a@example.org"], "de", "Asia/Shanghai"], {}),
        ([["a@example.org"]], {"locale": "de", "zone": "Asia/Shanghai"}),
        ([], {"recipients": ["a@example.org"], "zone": "UTC"}),
    ],
)
def test_a_report_that_is_saved_untouched_stays_as_it_was(
    signed_in: Visitor, app: Flask, args: list[object], kwargs: dict[str, object]
) -> None:
    with app.app_context():
        added = schedules.add(
            NewSchedule("r", "sendcode.daily_report", cron="17 3 * * *", args=args, kwargs=kwargs)
        )
    path = f"/cms/schedules/{added.id}/edit"
    form = signed_in.get(path).text
    shown = {
        name: unescape(text)
        for name, text in re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>([^<]*)</textarea>', form)
    }
    assert signed_in.submit(path, **REPORT | {"locale": "", "report_zone": "UTC"} | shown).status_code == 303
    with app.app_context():
        kept = schedules.definition("r")
        assert (kept.args, kept.kwargs) == (args, kwargs)


def test_arguments_without_a_field_stay_json(signed_in: Visitor, app: Flask) -> None:
    arguments = {"recipients": "ops@example.org", "locale": "fr"}
    with app.app_context():
        odd = schedules.add(NewSchedule("odd", "sendcode.daily_report", every="1d", kwargs=arguments))
        listed = schedules.add(
            NewSchedule("listed", "sendcode.daily_report", every="1d", args=[["a@example.org"]])
        )
    for number, name in ((odd.id, "odd"), (listed.id, "listed")):
        path = f"/cms/schedules/{number}/edit"
        form = signed_in.get(path).text
        texts = {
            one: unescape(text)
            for one, text in re.findall(r'<textarea name="(\w+)"[^>]*>([^<]*)</textarea>', form)
        }
        signed_in.submit(path, **REPORT | texts | {"name": name, "locale": "", "report_zone": ""})
    with app.app_context():
        assert schedules.definition("odd").kwargs == arguments | {"recipients": ["ops@example.org"]}
        assert schedules.definition("listed").kwargs == {}
        assert schedules.definition("listed").args == [["a@example.org"]]


def test_a_schedule_that_fails_is_counted_in_the_navigation(
    signed_in: Visitor, nightly: int, app: Flask
) -> None:
    def run(id: str, *, fails: bool) -> None:
        with app.app_context():
            now = datetime.now(UTC)
            with db.engine.begin() as connection:
                schedule_runs.queue(connection, id, "nightly", now)
            if fails:
                schedule_runs.failed(db.engine, id, "OSError", now)
            else:
                schedule_runs.succeeded(db.engine, id, 1, now)
            app.extensions.pop(STORE, None)

    def badges() -> int:
        return signed_in.get("/cms/schedules").text.count('class="badge"')

    run("1", fails=True)
    assert badges() == 2, "in the menu of the desktop, and of the phone"
    run("2", fails=False)
    assert badges() == 0
    run("3", fails=True)
    signed_in.submit(f"/cms/schedules/{nightly}/pause")
    app.extensions.pop(STORE, None)
    assert badges() == 0

"""Adding, changing and firing schedules."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from domain.errors import BrokerUnreachable, InvalidInput, NotFound
from domain.statuses import RunState
from exts import db
from models import Schedule, ScheduleRun
from services.audit import trail
from services.scheduling import schedules
from services.scheduling.schedule_views import (
    by_id,
    count_failing,
    everything,
    get,
    numbers,
    runs_of,
    upcoming,
)
from services.scheduling.schedules import NewSchedule

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def no_eager(settings):
    settings["CELERY_TASK_ALWAYS_EAGER"] = False


def fault(new, **options):
    with pytest.raises(InvalidInput) as refused:
        schedules.add(new, **options)
    assert everything() == []
    return refused.value.problems[0].field


def test_a_schedule_is_shown_as_it_was_added():
    with time_machine.travel(NOON, tick=False):
        schedules.add(
            NewSchedule("nightly", "sendcode.purge", cron=" 17  3 * * * ", zone="Asia/Shanghai", queue="bulk")
        )
        view = schedules.add(NewSchedule("often", "sendcode.drain", every="90s", enabled=False))
    assert (view.when, view.enabled, view.next_run_at, view.last_run, view.runs) == (
        "every 90s",
        False,
        None,
        None,
        0,
    )
    nightly, often = everything()
    assert (nightly.name, nightly.when, nightly.zone, nightly.queue) == (
        "nightly",
        "17 3 * * *",
        "Asia/Shanghai",
        "bulk",
    )
    assert nightly.next_run_at == datetime(2026, 5, 4, 19, 17, tzinfo=UTC)
    assert often == view


@pytest.mark.parametrize("name", ["", " ", "x" * 121, "a\nb", "a\0b", "tail ", "a\u2028b", "\u202eb"])
def test_an_invalid_name_is_refused(name):
    assert fault(NewSchedule(name, "sendcode.purge", every="1d")) == "name"


def test_a_name_must_be_unique():
    schedules.add(NewSchedule("nightly", "sendcode.purge", every="1d"))
    with pytest.raises(InvalidInput, match="taken"):
        schedules.add(NewSchedule("nightly", "sendcode.drain", every="1h"))
    assert [view.task for view in everything()] == ["sendcode.purge"]


def test_an_unknown_task_must_be_forced():
    new = NewSchedule("report", "elsewhere.report", every="1d")
    assert fault(new) == "task"
    assert schedules.add(new, force=True).task == "elsewhere.report"


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("every", {}),
        ("every", {"every": "1d", "cron": "* * * * *"}),
        ("every", {"every": "soon"}),
        ("cron", {"cron": "* * *"}),
        ("zone", {"cron": "* * * * *", "zone": "Nowhere"}),
        ("cron", {"cron": ",".join(["1"] * 100) + " * * * *"}),
        ("queue", {"every": "1d", "queue": "no queue"}),
        ("queue", {"every": "1d", "queue": ""}),
    ],
)
def test_each_error_is_reported_by_its_field(field, given):
    assert fault(NewSchedule("nightly", "sendcode.purge", **given)) == field


def test_enabling_counts_from_now():
    with time_machine.travel(NOON, tick=False) as clock:
        schedules.add(NewSchedule("often", "sendcode.drain", every="1m"))
        schedules.disable("often")
        clock.shift(timedelta(hours=5))
        assert get("often").next_run_at is None
        assert schedules.enable("often").next_run_at == NOON + timedelta(hours=5, minutes=1)


def test_a_change_is_newer_than_the_last_one_although_the_clock_is_behind():
    with time_machine.travel(NOON, tick=False) as clock:
        schedules.add(NewSchedule("often", "sendcode.drain", every="1m"))
        before = db.session.scalar(sa.select(Schedule.changed_at))
        clock.shift(timedelta(hours=-1))
        schedules.disable("often")
    assert db.session.scalar(sa.select(Schedule.changed_at)) > before


def test_removing_takes_the_runs_along():
    schedules.add(NewSchedule("often", "sendcode.purge", every="1m"))
    schedules.run_now("often")
    schedules.remove("often")
    assert everything() == []
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ScheduleRun)) == 0


@pytest.mark.parametrize(
    "change", [schedules.remove, schedules.enable, schedules.disable, schedules.run_now, get]
)
def test_a_missing_schedule_is_not_found(change):
    with pytest.raises(NotFound):
        change("nothing")


def test_a_run_now_is_written_down_and_moves_nothing():
    added = schedules.add(NewSchedule("nightly", "sendcode.purge", every="1d", kwargs={"older_than_days": 9}))
    run_id = schedules.run_now("nightly")
    (run,) = runs_of("nightly")
    assert (run.id, run.state, run.result) == (run_id, RunState.SUCCEEDED, "0")
    assert run.queued_at <= run.started_at <= run.ended_at
    after = get("nightly")
    assert (after.next_run_at, after.runs) == (added.next_run_at, 0)


def test_a_failed_run_records_only_the_kind_of_error(app):
    @app.extensions["celery"].task(name="tests.fail", shared=False)
    def fail(code):
        raise ValueError(f"bad code {code}")

    schedules.add(NewSchedule("broken", "tests.fail", every="1d", args=["314159"]))
    schedules.run_now("broken")
    (run,) = runs_of("broken")
    assert (run.state, run.result) == (RunState.FAILED, "ValueError")


@pytest.mark.parametrize(
    ("returned", "kept"), [(7, "7"), (0.5, "0.5"), ("code 314159", None), ([1], None), (None, None)]
)
def test_only_numbers_of_a_tasks_result_are_stored(app, returned, kept):
    @app.extensions["celery"].task(name="tests.give", shared=False)
    def give():
        return returned

    schedules.add(NewSchedule("giver", "tests.give", every="1d"))
    schedules.run_now("giver")
    (run,) = runs_of("giver")
    assert (run.state, run.result) == (RunState.SUCCEEDED, kept)


def test_a_task_that_no_schedule_fired_leaves_no_run(app):
    app.extensions["celery"].tasks["sendcode.purge"].apply_async()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ScheduleRun)) == 0


@pytest.mark.usefixtures("no_eager")
@pytest.mark.parametrize("task", ["sendcode.purge", "elsewhere.report"])
def test_a_dead_broker_is_reported_and_recorded(task):
    schedules.add(NewSchedule("nightly", task, every="1d"), force=True)
    with pytest.raises(BrokerUnreachable):
        schedules.run_now("nightly")
    (run,) = runs_of("nightly")
    assert run.state is RunState.FAILED
    assert "broker" in run.result


def test_a_row_with_broken_arguments_can_be_seen_and_removed():
    schedules.add(NewSchedule("broken", "sendcode.purge", every="1d"))
    db.session.execute(sa.text("UPDATE schedule SET arguments = '{', timezone = 'Nowhere'"))
    db.session.commit()
    assert [(view.name, view.next_run_at) for view in everything()] == [("broken", None)]
    with pytest.raises(InvalidInput):
        schedules.run_now("broken")
    mended = dataclasses.replace(schedules.definition("broken"), zone="UTC")
    assert schedules.edit(mended).next_run_at is not None
    db.session.execute(sa.text("UPDATE schedule SET arguments = '{'"))
    db.session.commit()
    schedules.remove("broken")
    assert everything() == []


@pytest.mark.parametrize(
    ("task", "given"),
    [
        ("send_mail", {}),
        ("send_mail", {"args": ["Hi", ["a@b.org"], "text", "more"]}),
        ("send_mail", {"args": ["Hi"], "kwargs": {"recipients": [], "text": "?"}}),
        ("send_mail", {"args": ["Hi"], "kwargs": {"subject": "Hi", "recipients": [], "body": "?"}}),
        ("sendcode.roll_up", {"kwargs": {"older_than_days": 7}}),
    ],
)
def test_a_task_of_ours_is_given_what_it_takes(task, given):
    new = NewSchedule("wrong", task, every="1d", **given)
    with pytest.raises(InvalidInput) as refused:
        schedules.add(new)
    wanted = {"send_mail": "(subject, recipients, body)", "sendcode.roll_up": "()"}
    problem = refused.value.problems[0]
    assert (problem.field, problem.message) == ("arguments", f"must be what the task takes: {wanted[task]}")
    schedules.add(dataclasses.replace(new, task="of.another.program"), force=True)


def test_an_edit_that_keeps_the_rule_keeps_the_next_run():
    with time_machine.travel(NOON, tick=False) as clock:
        schedules.add(NewSchedule("often", "sendcode.purge", every="1h"))
        clock.shift(timedelta(minutes=50))
        view = schedules.edit(
            NewSchedule("often", "sendcode.purge", every="60m", kwargs={"older_than_days": 7})
        )
        assert view.next_run_at == NOON + timedelta(hours=1)
        clock.shift(timedelta(minutes=30))
        view = schedules.edit(NewSchedule("often", "sendcode.purge", every="1h", queue="bulk"))
        assert view.next_run_at == NOON + timedelta(minutes=80, hours=1), "what is overdue is not fired"


def test_an_edit_of_the_rule_counts_from_now():
    with time_machine.travel(NOON, tick=False) as clock:
        schedules.add(NewSchedule("often", "sendcode.purge", every="1h", enabled=False))
        clock.shift(timedelta(minutes=50))
        view = schedules.edit(NewSchedule("often", "sendcode.purge", cron="0 * * * *", zone="Asia/Shanghai"))
        assert (view.when, view.zone, view.enabled, view.next_run_at) == (
            "0 * * * *",
            "Asia/Shanghai",
            False,
            None,
        )
        assert schedules.enable("often").next_run_at == NOON + timedelta(hours=1)


def test_an_edit_is_audited_with_the_changed_fields_and_no_text():
    new = NewSchedule("mail", "send_mail", every="1h", args=["Hi", ["a@b.org"], "text"])
    schedules.add(new)
    schedules.edit(new)
    schedules.edit(dataclasses.replace(new, args=["Hi", ["c@d.org"], "text"]))
    schedules.edit(dataclasses.replace(new, args=["Hi", ["c@d.org"], "text"], every="2h", queue="bulk"))
    second, first, _added = trail.entries().shown
    assert first.before == first.after == {"arguments": ["text", "list of 1", "text"]}
    assert (second.before, second.after) == (
        {"when": "every 1h", "queue": None},
        {"when": "every 2h", "queue": "bulk"},
    )


def test_an_invalid_edit_reports_every_error_and_changes_nothing():
    schedules.add(NewSchedule("nightly", "sendcode.purge", every="1d"))
    with pytest.raises(InvalidInput) as refused:
        schedules.edit(NewSchedule("nightly", "nothing", cron="99 * * * *", queue="?"))
    assert [problem.field for problem in refused.value.problems] == ["task", "cron", "queue"]
    assert schedules.definition("nightly") == NewSchedule("nightly", "sendcode.purge", every="1d", args=[])
    with pytest.raises(NotFound):
        schedules.edit(NewSchedule("nothing", "sendcode.purge", every="1d"))


def test_enabling_an_enabled_schedule_changes_nothing():
    with time_machine.travel(NOON, tick=False) as clock:
        schedules.add(NewSchedule("often", "sendcode.purge", every="1h"))
        clock.shift(timedelta(minutes=50))
        assert schedules.enable("often").next_run_at == NOON + timedelta(hours=1)
    assert len(trail.entries().shown) == 1


def test_the_coming_runs_follow_the_rule():
    with time_machine.travel(NOON, tick=False):
        added = schedules.add(NewSchedule("nightly", "sendcode.purge", cron="30 */8 * * *"))
        assert [moment.hour for moment in upcoming("nightly")] == [16, 0, 8]
        assert by_id(added.id) == added
        schedules.disable("nightly")
        assert upcoming("nightly") == []
    with pytest.raises(NotFound):
        by_id(added.id + 1)


def test_those_whose_last_run_failed_are_counted():
    def ran(name, minute, state):
        at = NOON + timedelta(minutes=minute)
        db.session.add(ScheduleRun(id=f"{name}{minute}", schedule_name=name, state=state.value, queued_at=at))

    for name in ("recovered", "failing", "paused", "new"):
        schedules.add(NewSchedule(name, "sendcode.drain", every="1h", enabled=name != "paused"))
        if name != "new":
            ran(name, 0, RunState.FAILED)
    ran("recovered", 1, RunState.SUCCEEDED)
    ran("removed", 1, RunState.FAILED)
    db.session.commit()
    assert count_failing() == 1
    assert numbers().keys() == {"recovered", "failing", "paused", "new"}
    assert by_id(numbers()["failing"]).name == "failing"

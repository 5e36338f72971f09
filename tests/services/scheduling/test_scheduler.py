"""The clock, with fake time, a real database, and tasks that run in the same process."""

import logging
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine

from domain.statuses import RunState
from exts import db
from models import Lease, Schedule, ScheduleRun, SeenProcess
from services.scheduling import schedules
from services.scheduling.schedule_views import get, runs_of
from services.scheduling.scheduler import LEASE, DbScheduler
from services.scheduling.schedules import NewSchedule
from services.storage import leases

START = datetime(2026, 5, 4, 12, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("context", "count")


@pytest.fixture
def count(app):
    """A task that takes no time."""

    @app.extensions["celery"].task(name="tests.count", shared=False)
    def count():
        return 1


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def make(app):
    """Make a beat's scheduler."""

    def make(max_interval=1):
        return DbScheduler(app.extensions["celery"], max_interval=max_interval)

    return make


@pytest.fixture
def always_leading(monkeypatch):
    """Make every beat believe that it holds the lease."""
    monkeypatch.setattr(leases, "hold", lambda *_: True)


def add(name, **when):
    schedules.add(NewSchedule(name, "tests.count", **when))


def offsets(name):
    """Return when a schedule ran, in seconds since the start."""
    times = sa.select(ScheduleRun.queued_at).where(ScheduleRun.schedule_name == name)
    return [
        (time - START).total_seconds() for time in db.session.scalars(times.order_by(ScheduleRun.queued_at))
    ]


def run_for(clock, seconds, *beats):
    """Run beats through fake time, each ticking as often as it asks to."""
    end = datetime.now(UTC) + timedelta(seconds=seconds)
    while datetime.now(UTC) < end:
        wait = min(beat.tick() for beat in beats)
        left = (end - datetime.now(UTC)).total_seconds()
        clock.shift(timedelta(seconds=min(left, max(wait, 0.001))))


@pytest.mark.slow
@pytest.mark.usefixtures("always_leading")
def test_two_leaders_run_everything_once_through_ten_minutes_of_changes(clock, make):
    beats = make(5), make(5)
    add("steady", every="20s")
    add("minutes", cron="* * * * *")
    run_for(clock, 180, *beats)
    add("late", every="30s")
    schedules.disable("minutes")
    run_for(clock, 120, *beats)
    schedules.enable("minutes")
    schedules.disable("late")
    run_for(clock, 210, *beats)
    schedules.enable("late")
    assert offsets("steady") == list(range(20, 510, 20))
    schedules.remove("steady")
    run_for(clock, 91, *beats)
    assert offsets("minutes") == [60, 120, 360, 420, 480, 540, 600]
    assert offsets("late") == [210, 240, 270, 540, 570, 600]
    assert offsets("steady") == []
    assert get("minutes").runs == 7


@pytest.mark.slow
def test_ten_minutes_with_edits_and_the_death_of_a_leader_run_everything_once(clock, make):
    leader, standby = make(5), make(5)
    add("changing", every="20s")
    add("often", every="5s")
    run_for(clock, 90, leader, standby)
    schedules.edit(NewSchedule("changing", "tests.count", every="30s"))
    run_for(clock, 110, leader, standby)
    schedules.edit(NewSchedule("changing", "tests.count", cron="* * * * *", queue="bulk"))
    run_for(clock, 100, leader, standby)
    run_for(clock, 300, standby)  # the leader was killed and did not release its lease
    often = offsets("often")
    assert often[:59] == list(range(5, 300, 5))
    taken_over = often[59]
    assert 300 <= taken_over <= 315
    assert often[60:] == [taken_over + 5 * number for number in range(1, len(often) - 59)]
    assert offsets("changing") == [20, 40, 60, 80, 120, 150, 180, 240, taken_over, 360, 420, 480, 540]


@pytest.mark.usefixtures("always_leading")
def test_an_interval_keeps_its_beat_without_drift(clock, make):
    add("steady", every="7s")
    beat = make()
    for _ in range(200):
        beat.tick()
        clock.shift(0.5)
    assert len(offsets("steady")) == 14
    assert all(0 <= offset % 7 <= 0.5 for offset in offsets("steady"))


@pytest.mark.parametrize("when", [{"every": "1m"}, {"cron": "* * * * *"}])
def test_runs_missed_by_a_stopped_clock_run_once(clock, make, when):
    add("often", **when)
    clock.shift(timedelta(hours=2, seconds=30))
    run_for(clock, 10, make())
    assert offsets("often") == [7230]
    assert get("often").next_run_at > datetime.now(UTC)


def test_a_change_never_fires_what_is_overdue(clock, make):
    add("often", every="1m")
    schedules.disable("often")
    clock.shift(timedelta(hours=2))
    schedules.enable("often")
    run_for(clock, 59, make())
    assert offsets("often") == []
    clock.shift(timedelta(hours=2))
    schedules.edit(NewSchedule("often", "tests.count", every="1m", queue="bulk"))
    run_for(clock, 59, make())
    assert offsets("often") == []


def test_a_change_is_followed_within_two_seconds(clock, make):
    beat = make()
    add("first", every="1h")
    run_for(clock, 5, beat)
    add("second", every="1s")
    run_for(clock, 2, beat)
    assert len(offsets("second")) >= 1
    schedules.edit(NewSchedule("first", "tests.count", every="5s"))
    run_for(clock, 7, beat)
    assert len(offsets("first")) == 1
    schedules.disable("first")
    schedules.disable("second")
    ran = offsets("second")
    run_for(clock, 30, beat)
    assert offsets("second") == ran


def test_a_standby_fires_nothing_while_the_leader_lives(clock, make, caplog):
    add("often", every="1s")
    leader, standby = make(), make()
    leader.tick()
    with caplog.at_level(logging.WARNING):
        for _ in range(30):
            clock.shift(1)
            leader.tick()
            before = offsets("often")
            standby.tick()
            assert offsets("often") == before
    assert caplog.text.count("standing by") == 1
    assert len(offsets("often")) == 30


def test_a_standby_takes_over_when_the_lease_has_ended(clock, make):
    add("often", every="1s")
    leader, standby = make(), make()
    run_for(clock, 3, leader, standby)
    leader.tick()
    run_for(clock, 12, standby)
    seconds = offsets("often")
    assert seconds[:3] == [1, 2, 3]
    assert 3 + LEASE.total_seconds() <= seconds[3] <= 3 + LEASE.total_seconds() + 1
    assert len(seconds) == len(set(seconds))


def test_a_leader_that_slept_through_its_lease_fires_nothing(clock, make):
    add("often", every="1s")
    leader, standby = make(), make()
    run_for(clock, 3, leader)
    run_for(clock, 12, standby)
    ran = offsets("often")
    assert leader.tick() == 1
    assert offsets("often") == ran


def test_a_closed_clock_gives_its_lease_back(clock, make):
    leader, standby = make(), make()
    leader.tick()
    standby.tick()
    standby.close()
    leader.tick()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Lease)) == 1
    db.session.rollback()
    leader.close()
    leader.close()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Lease)) == 0


def test_broken_rows_are_logged_once_and_stop_nothing(clock, make, caplog):
    add("good", every="1s")
    for name in ("crontab", "zone", "arguments", "interval", "both", "stranger"):
        add(f"bad {name}", cron="* * * * *")
    for column, value in [
        ("crontab", "61 * * * *"),
        ("timezone", "Nowhere"),
        ("arguments", "{"),
        ("every_seconds", 5),
        ("task", "elsewhere.report"),
    ]:
        name = {"timezone": "zone", "every_seconds": "both", "task": "stranger"}.get(column, column)
        db.session.execute(
            sa.text(f"UPDATE schedule SET {column} = :value WHERE name = :name"),
            {"value": value, "name": f"bad {name}"},
        )
    db.session.execute(
        sa.text("UPDATE schedule SET every_seconds = 0, crontab = NULL WHERE name = 'bad interval'")
    )
    db.session.commit()
    run_for(clock, 61, make())
    assert offsets("good") == list(range(1, 61))
    assert caplog.text.count("can't be parsed") == 5
    (stranger,) = runs_of("bad stranger")
    assert stranger.state is RunState.FAILED  # no worker here knows a task of another program


def test_a_dead_broker_is_waited_for_once_and_recorded(settings, clock, make, app, caplog):
    app.extensions["celery"].conf.task_always_eager = False
    for number in range(20):
        add(f"job {number}", every="1s")
    beat = make()
    run_for(clock, 3, beat)
    for number in range(20):
        states = {run.state for run in runs_of(f"job {number}")}
        assert states == {RunState.FAILED}
    reasons = set(db.session.scalars(sa.select(ScheduleRun.result)))
    assert reasons == {
        "the broker could not be reached (ConnectionError)",
        "the broker could not be reached a moment ago",
    }
    assert "missed a run" in caplog.text


def test_arguments_that_a_task_does_not_take_fail_their_own_run_only(clock, make):
    wrong = NewSchedule("wrong", "tests.count", every="3s", args=[1])
    schedules.add(wrong, force=True)
    add("good", every="3s")
    beat = make()
    for _ in range(10):
        clock.shift(timedelta(seconds=1))
        beat.tick()
    assert [one.state for one in runs_of("good")] == [RunState.SUCCEEDED] * 3
    assert {(one.state, one.result) for one in runs_of("wrong")} == {
        (RunState.FAILED, "arguments: must be what the task takes: ()")
    }


def test_a_database_that_is_away_is_waited_for(clock, make, caplog):
    add("often", every="1s")
    beat = make()
    run_for(clock, 2, beat)
    db.session.execute(sa.text("ALTER TABLE lease RENAME TO away"))
    db.session.commit()
    run_for(clock, 5, beat)
    assert caplog.text.count("did not answer") == 5
    db.session.execute(sa.text("ALTER TABLE away RENAME TO lease"))
    db.session.commit()
    ran = len(offsets("often"))
    run_for(clock, 2, beat)
    assert len(offsets("often")) == ran + 2


def test_a_clock_reports_that_it_is_alive(clock, make):
    run_for(clock, 12, make())
    (seen,) = db.session.scalars(sa.select(SeenProcess)).all()
    assert (seen.kind, seen.seen_at) == ("beat", START + timedelta(seconds=10))


def test_a_schedule_of_the_settings_is_answered_with_a_hint(app, make, caplog):
    app.extensions["celery"].conf.beat_schedule = {"old": {"task": "tests.count", "schedule": 5}}
    make()
    assert "schedules add" in caplog.text


def test_a_lazy_clock_for_the_banner_asks_nothing(app):
    db.drop_all()
    assert DbScheduler(app.extensions["celery"], lazy=True).info is not None
    db.create_all()


def test_only_the_claims_of_a_run_move_the_schedule(clock, make):
    add("often", every="1m")
    before = db.session.scalar(sa.select(Schedule.changed_at))
    db.session.rollback()
    run_for(clock, 61, make())
    row = db.session.scalars(sa.select(Schedule)).one()
    assert (row.changed_at, row.last_run_at, row.runs) == (before, START + timedelta(seconds=60), 1)

"""Two real beats, a real worker and a real broker."""

import os
import re
import shutil
import signal
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa

from models import ScheduleRun, SeenProcess
from tests.live.processes import Broker, environment, flask, run, start_beat, start_worker, wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="beats are killed as POSIX does"),
]
EVER = datetime(2000, 1, 1, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


class Runs:
    """The runs of one installation, read from its database."""

    def __init__(self, env):
        self._engine = sa.create_engine(env["SQLALCHEMY_DATABASE_URI"])

    def of(self, name, since=EVER):
        runs = sa.select(ScheduleRun.__table__).where(ScheduleRun.schedule_name == name)
        with self._engine.connect() as connection:
            rows = connection.execute(runs.order_by(ScheduleRun.queued_at)).all()
        return [row for row in rows if row.queued_at > since]

    def done(self, name):
        return [row for row in self.of(name) if row.state == "succeeded"]

    def gaps(self, name):
        """Return the seconds between the runs of a schedule."""
        times = [row.queued_at for row in self.of(name)]
        return [(later - sooner).total_seconds() for sooner, later in pairwise(times)]

    def seen(self):
        with self._engine.connect() as connection:
            return connection.scalars(sa.select(SeenProcess.name).order_by(SeenProcess.name)).all()

    def close(self):
        self._engine.dispose()


@pytest.fixture
def live():
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def env(tmp_path, live, template):
    broker = live.enter_context(Broker(tmp_path / "broker"))
    shutil.copy(template.path, tmp_path / "sendcode.db")
    return environment(tmp_path, broker_url=broker.url, migrate=False)


@pytest.fixture
def runs(env, live):
    runs = Runs(env)
    live.callback(runs.close)
    return runs


def test_two_beats_run_each_second_once_and_one_takes_over(env, runs, live):
    before = set(ROOT.iterdir())
    worker = live.enter_context(start_worker(env))
    first = live.enter_context(start_beat(env))
    first.wait_until_said("running the schedules")
    second = live.enter_context(start_beat(env))
    second.wait_until_said("standing by")

    flask(env, "schedules", "add", "each second", "sendcode.purge", "--every", "1s")
    added_at = datetime.now(UTC)
    wait_until(lambda: len(runs.done("each second")) >= 6)
    assert (runs.of("each second")[0].queued_at - added_at).total_seconds() < 10
    assert all(0.5 < gap < 2.5 for gap in runs.gaps("each second"))
    assert {row.result for row in runs.done("each second")} == {"0"}

    killed_at = datetime.now(UTC)
    first.signal(signal.SIGKILL)
    wait_until(lambda: len(runs.of("each second", since=killed_at)) >= 4)
    taken_over_at = runs.of("each second", since=killed_at)[0].queued_at
    assert (taken_over_at - killed_at).total_seconds() < 15
    assert all(gap > 0.5 for gap in runs.gaps("each second"))

    flask(env, "schedules", "disable", "each second")
    disabled_at = datetime.now(UTC)
    time.sleep(4)
    assert runs.of("each second", since=disabled_at) == []
    assert all(row.state == "succeeded" for row in runs.of("each second"))
    assert [name.partition("@")[0] for name in runs.seen()] == ["beat", "beat", "worker"]
    taken = re.findall(r"sendcode\.purge\[(.+?)\] received", worker.text())
    assert sorted(taken) == sorted(row.id for row in runs.of("each second"))

    assert second.stop() == 0
    assert "Traceback" not in first.text() + second.text()
    assert {path.name for path in set(ROOT.iterdir()) - before if "beat" in path.name} == set()


def test_a_beat_outlives_its_broker(env, runs, live, tmp_path):
    broker = live.enter_context(Broker(tmp_path / "other broker"))
    env = {**env, "CELERY_BROKER_URL": broker.url}
    beat = live.enter_context(start_beat(env))
    flask(env, "schedules", "add", "each second", "sendcode.purge", "--every", "1s")
    wait_until(lambda: len(runs.of("each second")) >= 2)
    broker.kill()
    wait_until(lambda: any(row.state == "failed" for row in runs.of("each second")))
    broker.start()
    back_at = datetime.now(UTC)
    live.enter_context(start_worker(env))
    wait_until(lambda: any(row.queued_at > back_at for row in runs.done("each second")), 30)
    assert beat.exit_code is None
    assert "Traceback" not in beat.text()


def test_a_worker_with_a_beat_of_its_own_runs_the_schedules(env, runs):
    flask(env, "schedules", "add", "each second", "sendcode.purge", "--every", "1s")
    with start_worker(env, "solo", None, "-B") as worker:
        wait_until(lambda: len(runs.done("each second")) >= 3, 9)  # SQLite gives up after ten seconds
        assert [name.partition("@")[0] for name in runs.seen()] == ["beat", "worker"]
        assert worker.stop() == 0
        assert "did not answer" not in worker.text()
    with start_worker(env, "solo", None, "-B") as worker:
        worker.wait_until_said("running the schedules")
        assert "standing by" not in worker.text(), "the beat before kept its lease"


def test_a_run_by_hand_needs_no_beat(env, runs, live):
    live.enter_context(start_worker(env))
    assert "daily purge" in flask(env, "schedules", "list")
    run(env, "flask", "--app", "app", "schedules", "run", "daily purge")
    wait_until(lambda: len(runs.done("daily purge")) == 1)
    assert "succeeded (0)" in flask(env, "schedules", "list")

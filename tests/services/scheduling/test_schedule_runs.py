"""The progress of a run, stored in its row."""

from datetime import UTC, datetime

import pytest

from exts import db
from services.scheduling import schedule_runs, schedule_views
from services.scheduling.schedule_runs import Progress

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def run_id() -> str:
    """A run that has begun."""
    now = datetime.now(UTC)
    with db.engine.begin() as connection:
        schedule_runs.queue(connection, "1", "nightly", now)
    schedule_runs.started(db.engine, "1", now)
    return "1"


def shown() -> schedule_views.RunView:
    db.session.rollback()
    (run,) = schedule_views.runs_of("nightly")
    return run


def test_progress_is_shown_while_it_runs(run_id, monkeypatch):
    monkeypatch.setattr(schedule_runs, "TELL_EVERY_SECONDS", 0)
    tell = Progress(db.engine, run_id)
    tell({"messages": 12_000, "broadcasts": 0, "idempotent answers": 3})
    assert shown().result == "messages 12000, idempotent answers 3"
    assert shown().so_far == {"messages": 12_000, "idempotent answers": 3}
    schedule_runs.succeeded(db.engine, run_id, 12_003, datetime.now(UTC))
    assert shown().so_far == {}
    assert shown().result == "12003"


def test_it_is_written_at_most_once_a_second(run_id, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(schedule_runs.time, "monotonic", lambda: clock[0])
    tell = Progress(db.engine, run_id)
    for seconds, seen in ((0.5, {}), (1.0, {"hours": 2}), (1.5, {"hours": 2}), (2.0, {"hours": 4})):
        clock[0] = 100 + seconds
        tell({"hours": int(seconds * 2)})
        assert shown().so_far == seen


def test_long_progress_is_cut_between_its_parts(run_id, monkeypatch):
    monkeypatch.setattr(schedule_runs, "TELL_EVERY_SECONDS", 0)
    Progress(db.engine, run_id)({f"kind of thing {number}": 10**9 for number in range(20)})
    assert len(shown().result) <= schedule_runs.LONGEST_RESULT
    assert set(shown().so_far.values()) == {10**9}


def test_an_unknown_run_stores_nothing(run_id, monkeypatch):
    monkeypatch.setattr(schedule_runs, "TELL_EVERY_SECONDS", 0)
    Progress(db.engine, None)({"messages": 1})
    assert shown().result is None

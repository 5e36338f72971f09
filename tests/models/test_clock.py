"""A process whose clock is off uses the database's."""

import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy
import time_machine

from app import create_app
from exts import db
from models import clock
from models.process import SeenProcess
from services.process import health, housekeeping
from tests.databases import ON_SERVERS, database_of

note = clock.note


@pytest.fixture(autouse=True)
def real_clock(own_clock, monkeypatch):
    """Believe the server, as outside of tests, and forget it afterwards."""
    monkeypatch.setattr(clock, "note", note)
    monkeypatch.setattr(clock, "_ahead", None)
    monkeypatch.setattr(clock, "_is_off", False)


@pytest.mark.parametrize("kind", ON_SERVERS)
@pytest.mark.parametrize("ahead", [3600, -3600, 5])
def test_a_clock_that_is_off_is_corrected_by_the_database(kind, ahead, settings):
    with database_of(kind) as url:
        app = create_app({**settings, "SQLALCHEMY_DATABASE_URI": url}, doors=())
        with app.app_context():
            db.create_all()
            truly = datetime.now(UTC)
            with time_machine.travel(truly + timedelta(seconds=ahead), tick=True):
                for _ in range(2):
                    with db.engine.connect() as connection:
                        connection.execute(sqlalchemy.text("SELECT 1"))
                assert clock.ahead() == pytest.approx(ahead, abs=1)
                assert abs((clock.now() - truly).total_seconds()) < 5
                housekeeping.say_alive(db.engine, "worker", ["sms"], clock.now())
                with db.engine.connect() as connection:
                    told = connection.scalar(sqlalchemy.select(SeenProcess.ahead_ms))
                assert told == pytest.approx(ahead * 1000, abs=1000)
                found = {one.name: one for one in health._look_at_database(clock.now())}
                assert "off the database's" in found["clock"].detail
            db.engine.dispose()


@pytest.mark.parametrize(("ahead", "doubt", "is_off"), [(0.4, 0.1, False), (2, 0.1, True), (2, 3, False)])
def test_a_slow_answer_or_a_small_difference_corrects_nothing(ahead, doubt, is_off):
    now = time.time()
    clock.note(now - doubt / 2 - ahead, now - doubt)
    assert clock._is_off is is_off

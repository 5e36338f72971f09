"""A process whose clock is off uses the database's."""

import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy
import time_machine

from app import create_app
from channels.registry import Gateways
from domain.owners import Owner
from domain.statuses import Channel, Lane
from exts import db
from models import Message, Verification, clock
from models.process import SeenProcess
from services.codes import verifications
from services.codes.verifications import Request
from services.delivery import worker
from services.process import health, housekeeping, parts
from tests.databases import ON_SERVERS, database_of
from tests.live.processes import wait_until

note = clock.note
NOTHING_KNOWN = {"_ahead": None, "_is_off": False, "_zero": None}


@pytest.fixture(autouse=True)
def real_clock(own_clock, monkeypatch):
    """Believe the server, as outside of tests, and forget it afterwards."""
    monkeypatch.setattr(clock, "note", note)
    for name, value in NOTHING_KNOWN.items():
        monkeypatch.setattr(clock, name, value)


@pytest.mark.parametrize("kind", ON_SERVERS)
@pytest.mark.parametrize("ahead", [3600, -3600, 5])
def test_a_clock_that_is_off_is_corrected_by_the_database(kind, ahead, settings):
    with database_of(kind) as url:
        app = create_app({**settings, "SQLALCHEMY_DATABASE_URI": url}, doors=())
        with app.app_context():
            db.create_all()
            truly = datetime.now(UTC)
            with time_machine.travel(truly + timedelta(seconds=ahead), tick=True):
                assert abs((clock.asked(db.engine) - truly).total_seconds()) < 5, "by the first connection"
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


@pytest.mark.parametrize("step", [3600, -3600])
def test_a_clock_that_is_set_while_a_process_runs_changes_nothing(step):
    truly = datetime.now(UTC)
    with time_machine.travel(truly, tick=True) as traveller:
        clock.note(time.time(), time.time())
        traveller.shift(step)
        assert abs((clock.now() - truly).total_seconds()) < 5
        clock.note(time.time(), time.time())
        assert abs((clock.now() - truly).total_seconds()) > 3500, "the database's was set, too"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ON_SERVERS)
def test_a_worker_whose_clock_is_ahead_expires_nothing_when_it_starts(kind, settings, sms):
    with database_of(kind) as url:
        app = create_app(
            {**settings, "SQLALCHEMY_DATABASE_URI": url, "CELERY_TASK_ALWAYS_EAGER": False}, doors=()
        )
        parts.put(app, Gateways([sms]))
        with app.app_context():
            db.create_all()
            verifications.issue(Request(Channel.SMS, "+8613800138000"), Owner("key:tests"))
            db.session.remove()
            db.engine.dispose()
        for name, value in NOTHING_KNOWN.items():
            setattr(clock, name, value)
        with time_machine.travel(datetime.now(UTC) + timedelta(hours=2), tick=True):
            worker.start(app, [Lane.SMS])
            try:
                wait_until(lambda: sms.sent)
                time.sleep(1.5)  # the next look of each lane
            finally:
                worker.stop()
        with app.app_context():
            assert db.session.scalars(sqlalchemy.select(Message.status)).all() == ["sent"]
            assert db.session.scalars(sqlalchemy.select(Verification.sealed_code)).one() is not None
            db.session.remove()
            db.engine.dispose()

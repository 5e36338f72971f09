"""Sealed codes are erased once they have expired, whenever that was, and a look reads little of what is kept."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from domain.owners import Owner
from exts import db
from models import Event, Verification
from services.codes.erasing import ERASE_AGAIN, ended_codes
from services.codes.telling import erase_and_tell
from services.delivery.events_lane import ERASE_EVERY, LOOK_AT_ALL_EVERY, ExpiredCodes
from services.events.listeners import Listeners
from services.process.parts import part
from services.webhooks import endpoints
from tests.rows import code

pytestmark = pytest.mark.usefixtures("context")
NOW = datetime(2026, 3, 7, 12, tzinfo=UTC)


@pytest.fixture
def settings(settings: dict[str, Any]) -> dict[str, Any]:
    return {**settings, "WEBHOOK_ALLOW_PRIVATE": True}


def sealed() -> set[str]:
    return set(db.session.scalars(select(Verification.id).where(Verification.sealed_code.is_not(None))))


def put(**ages: timedelta) -> None:
    db.session.add_all(code(id, id, NOW - age, sealed_code=b"sealed") for id, age in ages.items())
    db.session.commit()


def test_each_code_is_erased_at_the_first_look_after_its_end() -> None:
    put(long_ago=timedelta(days=90), just_now=timedelta(), later=-ERASE_EVERY, much_later=-timedelta(hours=1))
    erase = ExpiredCodes(db.engine, part(Listeners))
    erase(NOW)
    assert sealed() == {"later", "much_later"}
    put(of_a_slow_clock=ERASE_AGAIN - timedelta(seconds=1))
    erase(NOW + ERASE_EVERY)
    assert sealed() == {"much_later"}
    ExpiredCodes(db.engine, part(Listeners))(NOW + timedelta(hours=1))
    assert sealed() == set()


def test_a_later_look_reads_only_what_has_expired_lately() -> None:
    put(old=ERASE_AGAIN + timedelta(seconds=1), new=timedelta())
    found = db.session.scalars(select(Verification.id).where(*ended_codes(NOW, NOW))).all()
    assert found == ["new"]


def test_what_a_look_has_missed_is_erased_within_a_day_and_at_once_where_a_clock_was_set_back() -> None:
    erase = ExpiredCodes(db.engine, part(Listeners))
    erase(NOW)
    put(missed=2 * ERASE_AGAIN)
    erase(NOW + ERASE_EVERY)
    assert sealed() == {"missed"}
    erase(NOW + LOOK_AT_ALL_EVERY)
    assert sealed() == set()
    put(soon=timedelta())
    erase(NOW)
    assert sealed() == set()


def test_a_code_whose_row_somebody_has_locked_is_told_of_after_the_next_look(owner: Owner) -> None:
    if db.engine.dialect.name == "sqlite":
        pytest.skip("locks no rows")
    endpoints.create("http://127.0.0.1:9/", owner=owner.id)
    put(free=timedelta(), locked=timedelta())
    db.session.execute(update(Verification).values(owner=owner.id))
    db.session.commit()
    with db.engine.begin() as other:
        other.execute(update(Verification).where(Verification.id == "locked").values(attempts=1))
        erase_and_tell(part(Listeners), db.engine, NOW)
    assert sealed() == {"locked"}
    db.session.rollback()
    erase_and_tell(part(Listeners), db.engine, NOW)
    assert sealed() == set()
    told = db.session.scalars(select(Event.subject).where(Event.type == "verification.expired")).all()
    assert set(told) == {"free", "locked"}

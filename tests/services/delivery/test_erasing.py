"""Sealed codes are erased once they have expired, whenever that was, and a look reads little of what is kept."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from exts import db
from models import Verification
from services.codes.erasing import ERASE_AGAIN, ended_codes
from services.delivery.events_lane import ERASE_EVERY, ExpiredCodes
from services.events.listeners import Listeners
from services.process.parts import part
from tests.rows import code

pytestmark = pytest.mark.usefixtures("context")
NOW = datetime(2026, 3, 7, 12, tzinfo=UTC)


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

"""The history of sign-ins."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from domain.errors import NotAuthenticated
from exts import db
from models import Administrator, SignIn
from services import retention
from services.people import administrators
from services.sign_in import sessions, sign_ins

pytestmark = pytest.mark.usefixtures("context")
EMAIL, PASSWORD = "jane@example.org", "seven purple otters"


@pytest.fixture(autouse=True)
def jane(context: None) -> None:
    administrators.add(EMAIL, "owner", PASSWORD)


def id_of(email: str = EMAIL) -> int:
    return db.session.scalar(select(Administrator.id).filter_by(canonical=email))


def attempt(email: str, password: str = "wrong") -> None:
    with suppress(NotAuthenticated):
        sessions.sign_in(email, password, ip="192.0.2.7", user_agent="Firefox " * 60)


def test_good_and_bad_attempts_are_recorded_with_their_browser() -> None:
    attempt(EMAIL)
    attempt(EMAIL.upper(), PASSWORD)
    good, bad = sign_ins.of(id_of()).shown
    assert (good.outcome, bad.outcome) == ("signed_in", "wrong_password")
    assert (good.ip, good.user_agent, good.typed) == (
        "192.0.2.7",
        ("Firefox " * 60)[:255],
        "j***@example.org",
    )


def test_only_a_masked_address_of_a_stranger_is_stored() -> None:
    attempt("stranger@example.net")
    attempt("my secret password")
    assert [(one.administrator_id, one.typed) for one in sign_ins.of().shown] == [
        (None, ""),
        (None, "s***@example.net"),
    ]
    stored = repr(db.session.execute(select(SignIn.__table__)).all())
    assert "stranger" not in stored
    assert "secret" not in stored
    assert sign_ins.of(id_of()).shown == ()


def test_an_attempt_of_a_disabled_person_is_in_their_history() -> None:
    administrators.add("kim@example.org", "viewer", PASSWORD)
    administrators.disable("kim@example.org")
    attempt("kim@example.org", PASSWORD)
    assert [one.outcome for one in sign_ins.of(id_of("kim@example.org")).shown] == ["wrong_password"]


def test_pages_follow_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_ins, "PAGE", 2)
    for _ in range(3):
        attempt(EMAIL)
    first = sign_ins.of(id_of())
    second = sign_ins.of(id_of(), older_than=first.older_than)
    assert [len(first.shown), len(second.shown), second.older_than] == [2, 1, None]
    assert len({one.id for one in first.shown + second.shown}) == 3


def test_a_record_is_purged_after_ninety_days_at_the_latest() -> None:
    now = datetime.now(UTC)
    for days in (100, 40, 1):
        with time_machine.travel(now - timedelta(days=days)):
            attempt("stranger@example.net")
    assert retention.purge(timedelta(days=365))["sign-ins"] == 1
    assert retention.purge(timedelta(days=30))["sign-ins"] == 1
    assert len(sign_ins.of().shown) == 1

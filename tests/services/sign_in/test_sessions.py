"""Console sessions: their lifetime, limits on guessing, and what the database stores."""

from collections.abc import Iterator

import pytest
import time_machine
from argon2 import PasswordHasher
from flask import Flask

from domain.errors import LimitExceeded, NotAuthenticated
from exts import db
from models import Administrator, AdministratorSession
from services.people import administrators
from services.sign_in import sessions

EMAIL, PASSWORD = "jane@example.org", "seven purple otters"
pytestmark = pytest.mark.usefixtures("context", "jane")


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2026-05-01T12:00:00Z", tick=False) as traveller:
        yield traveller


@pytest.fixture
def jane(clock: time_machine.Traveller, context: None) -> None:
    administrators.add(EMAIL, "owner", PASSWORD)


def sign_in(email: str = EMAIL, password: str = PASSWORD, ip: str | None = "192.0.2.1") -> str:
    token, _ = sessions.sign_in(email, password, ip=ip, user_agent="a browser " * 50)
    return token


def row() -> AdministratorSession:
    db.session.expire_all()
    return db.session.scalars(db.select(AdministratorSession)).one()


def test_the_row_keeps_only_a_hash_of_the_token() -> None:
    token = sign_in()
    assert len(token) >= 43
    assert token not in str(vars(row()))
    assert row().ip == "192.0.2.1"
    assert len(row().user_agent or "") == 255


def test_a_token_is_good_until_its_session_ends() -> None:
    token = sign_in(" JANE@example.org ")
    session = sessions.resume(token)
    assert session is not None
    assert session.administrator.email == EMAIL
    assert sessions.resume(token[:-1]) is None
    sessions.end(session.id)
    assert sessions.resume(token) is None


def test_an_idle_session_ends_and_a_busy_one_lives_on(clock: time_machine.Traveller) -> None:
    token = sign_in()
    for _ in range(3):
        clock.shift(1799)
        assert sessions.resume(token) is not None
    clock.shift(1801)
    assert sessions.resume(token) is None


def test_the_busiest_session_ends_after_its_whole_life(clock: time_machine.Traveller) -> None:
    token = sign_in()
    for _ in range(28):
        clock.shift(1500)
        assert sessions.resume(token) is not None
    clock.shift(1200)
    assert sessions.resume(token) is not None, "12 hours old to the second"
    clock.shift(1)
    assert sessions.resume(token) is None


def test_last_seen_is_written_at_most_once_a_minute(clock: time_machine.Traveller) -> None:
    token = sign_in()
    started = row().last_seen_at
    clock.shift(59)
    sessions.resume(token)
    assert row().last_seen_at == started
    clock.shift(1)
    sessions.resume(token)
    assert (row().last_seen_at - started).total_seconds() == 60


def test_a_disabled_administrator_is_out_at_once_and_stays_out() -> None:
    administrators.add("other@example.org", "owner", PASSWORD)
    token = sign_in()
    administrators.disable(EMAIL)
    assert sessions.resume(token) is None
    with pytest.raises(NotAuthenticated):
        sign_in()


def test_resetting_the_password_ends_all_sessions() -> None:
    token = sign_in()
    administrators.reset_password(EMAIL)
    assert sessions.resume(token) is None


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.org", "no address"])
def test_five_failures_close_an_account_for_five_minutes_known_or_not(
    clock: time_machine.Traveller, email: str
) -> None:
    for number in range(5):
        with pytest.raises(NotAuthenticated):
            sign_in(email, "wrong", ip=f"192.0.2.{number}")
        clock.shift(10)
    with pytest.raises(LimitExceeded) as caught:
        sign_in(email, PASSWORD, ip="192.0.2.9")
    assert caught.value.limit == "sign_in_failures"
    assert caught.value.retry_after == 250
    clock.shift(250)
    if email == EMAIL:
        assert sign_in(email, PASSWORD)
    else:
        with pytest.raises(NotAuthenticated):
            sign_in(email, PASSWORD)


def test_right_passwords_are_no_failures() -> None:
    for _ in range(12):
        sign_in()


def test_twenty_failures_close_an_address_whatever_the_accounts() -> None:
    for number in range(20):
        with pytest.raises(NotAuthenticated):
            sign_in(f"nobody{number}@example.org", "wrong")
    with pytest.raises(LimitExceeded) as caught:
        sign_in()
    assert caught.value.limit == "sign_in_failures_per_ip"
    assert sign_in(ip="192.0.2.77")


@pytest.mark.usefixtures("real_passwords")
def test_an_old_hash_is_upgraded_at_the_next_sign_in() -> None:
    administrator = db.session.scalars(db.select(Administrator)).one()
    administrator.password_hash = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    db.session.commit()
    sign_in()
    db.session.expire_all()
    assert administrator.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert sign_in()


def test_the_password_is_needed_again_after_a_while(clock: time_machine.Traveller) -> None:
    token = sign_in()
    clock.shift(300)
    session = sessions.resume(token)
    assert session is not None
    assert not sessions.needs_password(session)
    clock.shift(1)
    assert sessions.needs_password(session)
    with pytest.raises(NotAuthenticated):
        sessions.prove_password(session, "wrong", ip=None)
    sessions.prove_password(session, PASSWORD, ip=None)
    proven = sessions.resume(token)
    assert proven is not None
    assert not sessions.needs_password(proven)


class TestWithoutLimits:
    @pytest.fixture
    def settings(self, settings: dict[str, object]) -> dict[str, object]:
        names = ("SESSION_IDLE_SECONDS", "SESSION_LIFE_SECONDS", "REAUTHENTICATION_SECONDS")
        more = ("SIGN_IN_FAILURES_PER_5_MINUTES", "SIGN_IN_FAILURES_PER_IP_PER_5_MINUTES")
        return settings | dict.fromkeys(names + more, 0)

    def test_zero_means_no_limit(self, app: Flask, clock: time_machine.Traveller) -> None:
        for _ in range(25):
            with pytest.raises(NotAuthenticated):
                sign_in(password="wrong")
        token = sign_in()
        clock.shift(10_000_000)
        session = sessions.resume(token)
        assert session is not None
        assert not sessions.needs_password(session)

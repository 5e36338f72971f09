"""Codes of authenticator apps: each is accepted once, guesses are few, and the secret is never in clear."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pyotp
import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from channels.memory import MemoryGateway
from domain import totp
from domain.errors import LimitExceeded, MalformedCode, NotAuthenticated, NotFound, SecondStepNeeded
from domain.keyring import Keyring
from exts import db
from models import Administrator, AdministratorSession, Authenticator
from services.people import administrators
from services.process import parts
from services.sign_in import authenticators, second_steps, sessions, sign_ins
from services.sign_in.sign_ins import Browser
from services.sign_in.ways import Way
from services.storage.transactions import transaction

pytestmark = pytest.mark.usefixtures("context")
EMAIL, PASSWORD = "jane@example.org", "seven purple otters"
BROWSER = Browser("192.0.2.7", "Firefox")
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SIGN_INS = 50


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2026-05-01T12:00:00Z", tick=False) as clock:
        yield clock


@pytest.fixture(autouse=True)
def jane(context: None) -> int:
    """Jane, whose second step is an app."""
    made, _ = administrators.add(EMAIL, "owner", PASSWORD)
    kept = authenticators.sealed(SECRET, made.id)
    transaction(
        lambda session: session.add(Authenticator(administrator_id=made.id, sealed=kept, last_step=0))
    )
    return made.id


def begin() -> str:
    with pytest.raises(SecondStepNeeded) as needed:
        sessions.sign_in(EMAIL, PASSWORD, ip=BROWSER.ip, user_agent=BROWSER.user_agent)
    return needed.value.token


def shown() -> str:
    return pyotp.TOTP(SECRET).now()


def wrong() -> str:
    """Return a code that is not valid now or in the steps beside it."""
    return next(code for code in ("000000", "000001", "000002", "000003") if not is_valid(code))


def is_valid(code: str) -> bool:
    return totp.step_of(SECRET, code, datetime.now(UTC)) is not None


def living_sessions() -> int:
    return db.session.scalar(select(func.count()).select_from(AdministratorSession))


def test_a_code_signs_in_without_any_message(mails: MemoryGateway, sms: MemoryGateway) -> None:
    token = begin()
    assert second_steps.look(token).ways == (Way.APP,)
    cookie, started = second_steps.use_app_code(token, f" {shown()[:3]} {shown()[3:]}", browser=BROWSER)
    assert started.administrator.email == EMAIL
    assert sessions.resume(cookie) is not None
    assert mails.sent == sms.sent == []
    assert [one.outcome for one in sign_ins.of().shown] == ["signed_in", "code_asked"]
    with pytest.raises(NotFound):
        second_steps.look(token)


def test_no_code_is_sent_to_somebody_who_chose_an_app_alone(mails: MemoryGateway) -> None:
    token = begin()
    with pytest.raises(NotFound):
        second_steps.send(token, client_ip=None)
    assert mails.sent == []


def test_a_code_and_older_ones_are_used_up(clock: time_machine.Traveller) -> None:
    earlier = pyotp.TOTP(SECRET).at(datetime.now(UTC) - timedelta(seconds=30))
    second_steps.use_app_code(begin(), shown(), browser=BROWSER)
    for code in (shown(), earlier):
        with pytest.raises(NotAuthenticated):
            second_steps.use_app_code(begin(), code, browser=BROWSER)
    clock.shift(30)
    second_steps.use_app_code(begin(), shown(), browser=BROWSER)
    assert living_sessions() == 2


@pytest.mark.slow
def test_one_code_opens_one_session_however_many_use_it_at_once(app: Flask) -> None:
    app.config["SIGN_IN_FAILURES_PER_5_MINUTES"] = app.config["SIGN_IN_FAILURES_PER_IP_PER_5_MINUTES"] = 0
    app.config["DESTINATION_FAILURES_PER_DAY"] = 0
    tokens, code, ready = [begin() for _ in range(SIGN_INS)], shown(), Barrier(SIGN_INS)

    def sign_in(token: str) -> bool:
        with app.app_context():
            ready.wait()
            with suppress(NotAuthenticated):
                second_steps.use_app_code(token, code, browser=BROWSER)
                return True
            return False

    with ThreadPoolExecutor(SIGN_INS) as pool:
        outcomes = list(pool.map(sign_in, tokens))
    assert outcomes.count(True) == 1
    assert living_sessions() == 1


def test_wrong_codes_are_counted_before_they_are_compared() -> None:
    token = begin()
    for _ in range(5):
        with pytest.raises(NotAuthenticated):
            second_steps.use_app_code(token, wrong(), browser=BROWSER)
    with pytest.raises(LimitExceeded):
        second_steps.use_app_code(token, shown(), browser=BROWSER)
    assert living_sessions() == 0
    assert [one.outcome for one in sign_ins.of().shown][:5] == ["wrong_code"] * 5


def test_wrong_codes_have_a_limit_by_day(app: Flask, clock: time_machine.Traveller) -> None:
    app.config["DESTINATION_FAILURES_PER_DAY"] = 7
    tried = 0
    for _ in range(3):
        for _ in range(4):
            with suppress(LimitExceeded):
                with pytest.raises(NotAuthenticated):
                    second_steps.use_app_code(begin(), wrong(), browser=BROWSER)
                tried += 1
        clock.shift(600)
    assert tried == 7
    with pytest.raises(LimitExceeded, match="per_day"):
        second_steps.use_app_code(begin(), shown(), browser=BROWSER)


def test_right_codes_use_up_no_limit(app: Flask, clock: time_machine.Traveller) -> None:
    app.config["DESTINATION_FAILURES_PER_DAY"] = 2
    for _ in range(4):
        second_steps.use_app_code(begin(), shown(), browser=BROWSER)
        clock.shift(60)
    assert living_sessions() == 4


def test_what_is_no_code_costs_nothing() -> None:
    token = begin()
    for _ in range(6):
        with pytest.raises(MalformedCode):
            second_steps.use_app_code(token, "12345", browser=BROWSER)
    second_steps.use_app_code(token, shown(), browser=BROWSER)


def test_an_app_satisfies_a_required_second_step_and_mail_is_no_way_around_it(app: Flask) -> None:
    app.config["SECOND_FACTOR_REQUIRED"] = True
    assert second_steps.look(begin()).ways == (Way.APP,)


def test_codes_that_are_sent_are_offered_beside_the_app(mails: MemoryGateway) -> None:
    db.session.scalars(select(Administrator)).one().second_factor = "email"
    db.session.commit()
    token = begin()
    assert second_steps.look(token).ways == (Way.APP, Way.CODE)
    second_steps.send(token, client_ip=None)
    assert len(mails.sent) == 1


def test_the_secret_is_sealed_and_sealed_again_with_a_new_key(
    app: Flask, jane: int, clock: time_machine.Traveller
) -> None:
    def kept() -> bytes:
        return db.session.scalar(select(Authenticator.sealed))

    old, new = "old " * 8, "new " * 8
    assert SECRET.encode() not in kept()
    parts.put(app, Keyring([old]))
    db.session.get(Authenticator, jane).sealed = authenticators.sealed(SECRET, jane)
    db.session.commit()
    parts.put(app, Keyring([new, old]))
    second_steps.use_app_code(begin(), shown(), browser=BROWSER)
    parts.put(app, Keyring([new]))
    clock.shift(30)
    second_steps.use_app_code(begin(), shown(), browser=BROWSER)
    parts.put(app, Keyring([old]))
    clock.shift(30)
    with pytest.raises(NotAuthenticated):
        second_steps.use_app_code(begin(), shown(), browser=BROWSER)

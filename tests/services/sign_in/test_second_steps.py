"""Signing in with a second step: no session before it, and few guesses."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from channels.memory import MemoryGateway
from domain.errors import DestinationLocked, LimitExceeded, NotAuthenticated, NotFound, SecondStepNeeded
from domain.statuses import Channel, VerificationStatus
from exts import db
from models import Administrator, AdministratorSession, RecoveryCode, SignInStep
from services.audit import trail
from services.people import administrators
from services.sign_in import recovery_codes, second_steps, sessions, sign_ins
from services.sign_in.sign_ins import Browser
from services.storage.transactions import transaction
from tests.cms.conftest import code_in

pytestmark = pytest.mark.usefixtures("context")
EMAIL, PASSWORD = "jane@example.org", "seven purple otters"
BROWSER = Browser("192.0.2.7", "Firefox")


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2026-05-01T12:00:00Z", tick=False) as clock:
        yield clock


@pytest.fixture(autouse=True)
def jane(context: None) -> Administrator:
    administrators.add(EMAIL, "owner", PASSWORD)

    def work(session: db.session.__class__) -> None:
        session.scalars(select(Administrator)).one().second_factor = Channel.EMAIL.value

    transaction(work)
    return db.session.scalars(select(Administrator)).one()


def id_of(email: str = EMAIL) -> int:
    return db.session.scalar(select(Administrator.id).filter_by(canonical=email))


def begin(password: str = PASSWORD) -> str:
    """Sign in with the password only; return the token of the second step."""
    with pytest.raises(SecondStepNeeded) as needed:
        sessions.sign_in(EMAIL, password, ip=BROWSER.ip, user_agent=BROWSER.user_agent)
    return needed.value.token


def begun() -> str:
    token = begin()
    second_steps.send(token, client_ip=BROWSER.ip)
    return token


def living_sessions() -> int:
    return db.session.scalar(select(func.count()).select_from(AdministratorSession))


def other(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_there_is_no_session_before_the_code_came_back(mails: MemoryGateway) -> None:
    token = begun()
    assert living_sessions() == 0
    assert sessions.resume(token) is None
    result, cookie, started = second_steps.check(token, code_in(mails), browser=BROWSER)
    assert result.valid
    assert started is not None
    assert sessions.resume(cookie).administrator.email == EMAIL
    assert [one.outcome for one in sign_ins.of().shown] == ["signed_in", "code_asked"]
    with pytest.raises(NotFound):
        second_steps.look(token)


def test_a_wrong_password_sends_no_code(mails: MemoryGateway) -> None:
    with pytest.raises(NotAuthenticated) as refused:
        sessions.sign_in(EMAIL, "wrong", ip=None, user_agent="")
    assert not isinstance(refused.value, SecondStepNeeded)
    assert mails.sent == []
    assert db.session.scalars(select(SignInStep)).all() == []


def test_wrong_codes_are_counted_recorded_and_end_in_a_lock(mails: MemoryGateway) -> None:
    token = begun()
    wrong = other(code_in(mails))
    for left in (4, 3, 2, 1, 0):
        result, _, started = second_steps.check(token, wrong, browser=BROWSER)
        assert (result.valid, result.attempts_left, started) == (False, left, None)
    assert result.status is VerificationStatus.LOCKED
    with pytest.raises(LimitExceeded):
        second_steps.check(token, code_in(mails), browser=BROWSER)
    assert living_sessions() == 0
    assert [one.outcome for one in sign_ins.of().shown][:5] == ["wrong_code"] * 5


def test_wrong_codes_of_a_day_lock_whatever_new_codes_are_sent(
    app: Flask, mails: MemoryGateway, clock: time_machine.Traveller
) -> None:
    app.config["DESTINATION_FAILURES_PER_DAY"] = 7
    tried = 0
    for _ in range(3):
        token = begun()
        for _ in range(3):
            with suppress(DestinationLocked):
                second_steps.check(token, other(code_in(mails)), browser=BROWSER)
                tried += 1
        clock.shift(timedelta(minutes=15))
    assert tried == 7


def test_an_address_that_guesses_is_refused(app: Flask, mails: MemoryGateway) -> None:
    app.config["SIGN_IN_FAILURES_PER_IP_PER_5_MINUTES"] = 2
    token = begun()
    for _ in range(2):
        second_steps.check(token, other(code_in(mails)), browser=BROWSER)
    with pytest.raises(LimitExceeded, match="per_ip"):
        second_steps.check(token, code_in(mails), browser=BROWSER)
    elsewhere = Browser("198.51.100.1", "Firefox")
    assert second_steps.check(token, code_in(mails), browser=elsewhere)[0].valid


def test_a_step_ends_with_age_a_new_password_or_a_disabled_account(
    mails: MemoryGateway, clock: time_machine.Traveller
) -> None:
    token = begun()
    clock.shift(timedelta(minutes=15))
    with pytest.raises(NotFound):
        second_steps.check(token, code_in(mails), browser=BROWSER)
    token = begun()
    password = administrators.reset_password(EMAIL)
    with pytest.raises(NotFound):
        second_steps.check(token, code_in(mails), browser=BROWSER)
    token = begin(password)
    administrators.add("other@example.org", "owner", PASSWORD)
    administrators.disable(EMAIL)
    with pytest.raises(NotFound):
        second_steps.look(token)


def test_two_browsers_share_the_code_that_was_sent_and_one_gets_in_with_it(mails: MemoryGateway) -> None:
    first = begun()
    second = begin()
    with pytest.raises(LimitExceeded, match="resend_cooldown"):
        second_steps.send(second, client_ip=None)
    code = code_in(mails)
    assert second_steps.check(second, code, browser=BROWSER)[2] is not None
    with pytest.raises(NotFound):
        second_steps.check(first, code, browser=BROWSER)
    assert living_sessions() == 1


def test_codes_go_to_the_phone_that_was_chosen_and_to_the_mailbox_where_it_is_gone(
    jane: Administrator, sms: MemoryGateway, mails: MemoryGateway
) -> None:
    jane.second_factor, jane.phone = "sms", "+8613800138000"
    db.session.commit()
    token = begun()
    assert second_steps.look(token).masked == "+86138****8000"
    assert (len(sms.sent), len(mails.sent)) == (1, 0)
    jane.phone = None
    db.session.commit()
    begun()
    assert len(mails.sent) == 1


def test_a_recovery_code_is_valid_once_and_recorded(mails: MemoryGateway) -> None:
    codes = transaction(lambda session: recovery_codes.make(session, id_of()))
    assert len(set(codes)) == 10
    stored = repr(db.session.execute(select(RecoveryCode.__table__)).all())
    assert not [code for code in codes if code.replace("-", "") in stored]
    _, started = second_steps.use_recovery_code(begin(), f" {codes[3].upper()} ", browser=BROWSER)
    assert started.administrator.email == EMAIL
    assert recovery_codes.left(id_of()) == 9
    entry = trail.entries().shown[0]
    assert (entry.action, entry.after) == ("account.recovery_code_used", {"codes_left": 9})
    with pytest.raises(NotAuthenticated):
        second_steps.use_recovery_code(begin(), codes[3], browser=BROWSER)
    assert living_sessions() == 1


def test_recovery_codes_are_guessed_five_times_and_no_more() -> None:
    codes = transaction(lambda session: recovery_codes.make(session, id_of()))
    token = begin()
    for _ in range(5):
        with pytest.raises(NotAuthenticated):
            second_steps.use_recovery_code(token, "abcd", browser=BROWSER)
    with pytest.raises(LimitExceeded):
        second_steps.use_recovery_code(token, codes[0], browser=BROWSER)
    assert recovery_codes.left(id_of()) == 10


def test_a_required_second_step_defaults_to_the_mailbox(
    app: Flask, jane: Administrator, mails: MemoryGateway
) -> None:
    jane.second_factor = None
    db.session.commit()
    app.config["SECOND_FACTOR_REQUIRED"] = True
    token = begun()
    assert second_steps.check(token, code_in(mails), browser=BROWSER)[2] is not None

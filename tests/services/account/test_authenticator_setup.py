"""Setting up an authenticator app: nothing changes before its first code, and the person is told."""

import dataclasses
from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest
import time_machine
from flask import Flask

from channels.memory import MemoryGateway
from domain.errors import (
    Conflict,
    InvalidInput,
    MalformedCode,
    NotAuthenticated,
    NotFound,
    PasswordNeeded,
    SecondStepNeeded,
)
from exts import db
from models import Administrator, Authenticator
from services.account import authenticator_setup, second_factor, second_factor_resets
from services.audit import trail
from services.people import administrators
from services.sign_in import authenticators, recovery_codes, second_steps, sessions, ways
from services.sign_in.sessions import ConsoleSession
from services.sign_in.sign_ins import Browser
from services.sign_in.ways import Way

pytestmark = pytest.mark.usefixtures("context")
EMAIL, PASSWORD = "jane@example.org", "seven purple otters"
BROWSER = Browser(None, "")


@pytest.fixture
def session(context: None) -> ConsoleSession:
    administrators.add(EMAIL, "owner", PASSWORD)
    _, started = sessions.sign_in(EMAIL, PASSWORD, ip=None, user_agent="")
    return started


def secret(session: ConsoleSession) -> str:
    waiting = authenticator_setup.pending(session)
    assert waiting is not None
    return waiting.secret


def set_up(session: ConsoleSession) -> list[str]:
    authenticator_setup.begin(session)
    return authenticator_setup.confirm(session, pyotp.TOTP(secret(session)).now(), client_ip="192.0.2.1")


def begin() -> str:
    with pytest.raises(SecondStepNeeded) as needed:
        sessions.sign_in(EMAIL, PASSWORD, ip=None, user_agent="")
    return needed.value.token


def test_the_first_code_puts_it_in_force_and_is_used_up(
    session: ConsoleSession, mails: MemoryGateway
) -> None:
    elsewhere, _ = sessions.sign_in(EMAIL, PASSWORD, ip=None, user_agent="")
    authenticator_setup.begin(session)
    own = secret(session)
    sessions.sign_in(EMAIL, PASSWORD, ip=None, user_agent="")
    code = pyotp.TOTP(own).now()
    codes = authenticator_setup.confirm(session, code, client_ip="192.0.2.1")
    assert len(codes) == 10
    assert authenticator_setup.pending(session) is None
    assert sessions.resume(elsewhere) is None, "sessions from before it are worth a password only"
    with pytest.raises(NotAuthenticated):
        second_steps.use_app_code(begin(), code, browser=BROWSER)
    entry = trail.entries().shown[0]
    assert (entry.action, entry.ip) == ("account.authenticator_added", "192.0.2.1")
    assert (entry.before, entry.after) == (
        {"second_factor": []},
        {"second_factor": ["app"], "codes_left": 10},
    )
    [mail] = mails.sent
    assert (mail.to, mail.template) == (EMAIL, "second_step_changed")
    assert "authenticator app was added" in mail.text
    assert "alone" not in mail.text
    stored = repr(db.session.execute(db.select(Authenticator.__table__)).all()) + mail.text + repr(entry)
    assert own not in stored


def test_a_wrong_code_changes_nothing(session: ConsoleSession, mails: MemoryGateway) -> None:
    authenticator_setup.begin(session)
    own = secret(session)
    with pytest.raises(InvalidInput):
        authenticator_setup.confirm(session, pyotp.TOTP(own).at(0), client_ip=None)
    with pytest.raises(MalformedCode):
        authenticator_setup.confirm(session, "12", client_ip=None)
    assert ways.of_account(session.administrator.id) == ()
    assert secret(session) == own
    assert mails.sent == []


def test_a_secret_waits_for_half_an_hour(session: ConsoleSession) -> None:
    authenticator_setup.begin(session)
    own = secret(session)
    with time_machine.travel(session.password_at + timedelta(minutes=31), tick=False):
        assert authenticator_setup.pending(session) is None
        late = dataclasses.replace(session, password_at=session.password_at + timedelta(minutes=31))
        with pytest.raises(NotFound):
            authenticator_setup.confirm(late, pyotp.TOTP(own).now(), client_ip=None)


def test_the_old_app_works_until_the_new_one_is_confirmed(session: ConsoleSession) -> None:
    set_up(session)
    old = pyotp.TOTP(stored_secret(session))
    authenticator_setup.begin(session)
    with time_machine.travel(session.password_at + timedelta(seconds=90), tick=False):
        assert second_steps.use_app_code(begin(), old.now(), browser=BROWSER)
    with time_machine.travel(session.password_at + timedelta(seconds=180), tick=False):
        assert authenticator_setup.confirm(session, pyotp.TOTP(secret(session)).now(), client_ip=None) == []
    later = session.password_at + timedelta(seconds=270)
    with time_machine.travel(later, tick=False), pytest.raises(NotAuthenticated):
        second_steps.use_app_code(begin(), old.now(), browser=BROWSER)
    assert recovery_codes.left(session.administrator.id) == 10


def stored_secret(session: ConsoleSession) -> str:
    found = db.session.get(Authenticator, session.administrator.id, populate_existing=True)
    opened = authenticators.opened(found.sealed, session.administrator.id)
    assert opened
    return opened


@pytest.mark.parametrize("is_reset", [True, False])
def test_removing_the_last_way_ends_the_second_step(
    session: ConsoleSession, mails: MemoryGateway, is_reset: bool
) -> None:
    set_up(session)
    if is_reset:
        assert second_factor_resets.reset(EMAIL)
        assert not second_factor_resets.reset(EMAIL)
    else:
        authenticator_setup.remove_app(session, client_ip=None)
        assert "Your password alone is now enough" in mails.sent[-1].text
    assert len(mails.sent) == 2
    assert recovery_codes.left(session.administrator.id) == 0
    assert sessions.sign_in(EMAIL, PASSWORD, ip=None, user_agent="")


def test_the_recovery_codes_stay_with_another_way(session: ConsoleSession) -> None:
    set_up(session)
    db.session.scalars(db.select(Administrator)).one().second_factor = "email"
    db.session.commit()
    second_factor.stop_codes(session, client_ip=None)
    assert ways.of_account(session.administrator.id) == (Way.APP,)
    assert recovery_codes.left(session.administrator.id) == 10


def test_where_it_is_required_the_last_way_stays(session: ConsoleSession, app: Flask) -> None:
    set_up(session)
    app.config["SECOND_FACTOR_REQUIRED"] = True
    with pytest.raises(Conflict):
        authenticator_setup.remove_app(session, client_ip=None)
    with pytest.raises(Conflict):
        second_factor.turn_off(session, client_ip=None)
    assert ways.of_account(session.administrator.id) == (Way.APP,)
    assert recovery_codes.left(session.administrator.id) == 10


@pytest.mark.parametrize(
    "step",
    [
        authenticator_setup.begin,
        lambda session: authenticator_setup.confirm(session, "123456", client_ip=None),
        lambda session: authenticator_setup.remove_app(session, client_ip=None),
        lambda session: second_factor.stop_codes(session, client_ip=None),
    ],
    ids=["begin", "confirm", "remove", "stop codes"],
)
def test_an_old_password_proof_is_not_enough(
    session: ConsoleSession, step: Callable[[ConsoleSession], object]
) -> None:
    later = session.password_at + timedelta(seconds=301)
    with time_machine.travel(later, tick=False), pytest.raises(PasswordNeeded):
        step(session)

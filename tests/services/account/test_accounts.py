"""Changes of one's own account: confirmed by a code, committed together, refused when anything is wrong."""

import dataclasses
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from channels.memory import MemoryGateway
from domain.errors import Conflict, NotAuthenticated, PasswordNeeded
from domain.statuses import VerificationStatus
from exts import db
from models import Administrator, Verification
from services.account import accounts
from services.account.accounts import Change
from services.people import administrators
from services.sign_in import sessions
from services.sign_in.sessions import ConsoleSession

EMAIL, NEW, PASSWORD = "jane@example.org", "jane.doe@example.net", "seven purple otters"
pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def session(context: None) -> ConsoleSession:
    administrators.add(EMAIL, "owner", PASSWORD)
    _, started = sessions.sign_in(EMAIL, PASSWORD, ip=None, user_agent="")
    return started


def emails() -> list[str]:
    return sorted(db.session.scalars(db.select(Administrator.email)))


def send(session: ConsoleSession, to: str = NEW) -> str:
    return accounts.send_code(session, Change.EMAIL, to, client_ip=None).id


def code_in(gateway: MemoryGateway) -> str:
    return re.findall(r"\b\d{6}\b", gateway.sent[-1].text)[0]


def test_the_right_code_makes_the_change_once(session: ConsoleSession, mails: MemoryGateway) -> None:
    send(session)
    code = code_in(mails)
    assert accounts.confirm(session, Change.EMAIL, code).valid
    assert emails() == [NEW]
    assert [outgoing.template for outgoing in mails.sent] == ["code", "email_changed"]


def test_a_failed_change_leaves_the_code_unused_and_sends_no_notice(
    session: ConsoleSession, mails: MemoryGateway
) -> None:
    verification_id = send(session)
    administrators.add(NEW, "viewer", PASSWORD)
    with pytest.raises(Conflict):
        accounts.confirm(session, Change.EMAIL, code_in(mails))
    assert emails() == [NEW, EMAIL]
    verification = db.session.get(Verification, verification_id, populate_existing=True)
    assert verification.used_at is None
    assert verification.canceled_at is not None
    assert len(mails.sent) == 1


def test_a_session_that_has_ended_changes_nothing(session: ConsoleSession, mails: MemoryGateway) -> None:
    send(session)
    sessions.end(session.id)
    with pytest.raises(NotAuthenticated):
        accounts.confirm(session, Change.EMAIL, code_in(mails))
    with pytest.raises(NotAuthenticated):
        accounts.change_password(session, "eight green herons")
    assert emails() == [EMAIL]


def test_sending_again_sends_the_same_code_while_it_lives_long_enough(
    session: ConsoleSession, mails: MemoryGateway
) -> None:
    first = send(session)
    with time_machine.travel(0, tick=False) as clock:
        clock.move_to(db.session.get(Verification, first).created_at)
        clock.shift(61)
        session = proven(session)
        assert send(session) == first
        clock.shift(180)
        session = proven(session)
        assert send(session) != first, "a code that dies in 59 seconds is not worth another message"
        assert accounts.progress(session, Change.EMAIL).status is VerificationStatus.PENDING
    assert db.session.get(Verification, first, populate_existing=True).canceled_at is not None
    assert len(mails.sent) == 3


def proven(session: ConsoleSession) -> ConsoleSession:
    """Return the session with the password just confirmed."""
    return dataclasses.replace(session, password_at=datetime.now(UTC))


@pytest.mark.parametrize(
    "step",
    [
        lambda session: send(session),
        lambda session: accounts.confirm(session, Change.EMAIL, "123456"),
        lambda session: accounts.change_password(session, "eight green herons"),
    ],
    ids=["send", "confirm", "change the password"],
)
def test_an_old_password_proof_is_not_enough(
    session: ConsoleSession, mails: MemoryGateway, step: Callable[[ConsoleSession], object]
) -> None:
    later = session.password_at + timedelta(seconds=301)
    with time_machine.travel(later, tick=False), pytest.raises(PasswordNeeded):
        step(session)
    assert mails.sent == []


def test_progress_forgets_what_is_over(session: ConsoleSession, mails: MemoryGateway) -> None:
    assert accounts.progress(session, Change.EMAIL) is None
    send(session)
    assert accounts.progress(session, Change.EMAIL).to == NEW
    assert accounts.progress(session, Change.PHONE) is None
    accounts.cancel(session, Change.EMAIL)
    accounts.cancel(session, Change.EMAIL)
    assert accounts.progress(session, Change.EMAIL) is None


def test_a_bound_phone_may_change_and_is_not_bound_twice(session: ConsoleSession, sms: MemoryGateway) -> None:
    accounts.send_code(session, Change.PHONE, "0086 138-0013-8000", client_ip=None)
    assert accounts.confirm(session, Change.PHONE, code_in(sms)).valid
    assert administrators.everyone()[0].phone == "+8613800138000"

"""Switching off somebody's second step: permissions, what ends, and the mail to the person."""

import pytest
from sqlalchemy import select

from channels.memory import MemoryGateway
from domain.errors import NotFound, OwnAccount, SecondStepNeeded
from exts import db
from models import Administrator
from services.account import second_factor_resets
from services.audit import trail
from services.audit.trail import Actor
from services.people import administrators
from services.sign_in import recovery_codes, sessions
from services.storage.transactions import transaction

pytestmark = pytest.mark.usefixtures("context")
EMAIL, PASSWORD = "jane@example.org", "seven purple otters"
OWNER = Actor(0, "kim@example.org", "192.0.2.1")
"""Nobody whom a database may have numbered: servers go on counting from test to test."""


@pytest.fixture
def jane() -> Administrator:
    administrators.add(EMAIL, "operator", PASSWORD)
    return db.session.scalars(select(Administrator)).one()


@pytest.fixture
def token(jane: Administrator) -> str:
    """Sign Jane in, with a second step, recovery codes, and German as her language."""
    token, _ = sessions.sign_in(EMAIL, PASSWORD, ip=None, user_agent="")
    jane.second_factor, jane.locale = "sms", "de"
    db.session.commit()
    transaction(lambda session: recovery_codes.make(session, jane.id))
    return token


def test_it_ends_the_sessions_and_the_codes_and_is_audited(jane: Administrator, token: str) -> None:
    with pytest.raises(SecondStepNeeded):
        sessions.sign_in(EMAIL, PASSWORD, ip=None, user_agent="")
    assert second_factor_resets.reset("Jane@Example.org", by=OWNER)
    assert sessions.resume(token) is None
    assert recovery_codes.left(jane.id) == 0
    entry = trail.entries().shown[0]
    assert (entry.action, entry.actor_id, entry.subject) == (
        "administrator.second_factor_reset",
        OWNER.id,
        "j***@example.org",
    )
    assert (entry.before, entry.after) == ({"second_factor": ["sms"]}, {"second_factor": []})
    sessions.sign_in(EMAIL, PASSWORD, ip=None, user_agent="")


def test_the_person_is_notified_in_their_own_language(token: str, mails: MemoryGateway) -> None:
    second_factor_resets.reset(EMAIL)
    [mail] = mails.sent
    assert (mail.to, mail.template) == (EMAIL, "second_step_reset")
    assert mail.subject == "Ihr zweiter Schritt bei Sendcode wurde ausgeschaltet"
    assert "Alle Ihre Sitzungen sind beendet" in mail.text


def test_switching_off_twice_sends_no_notice(jane: Administrator, mails: MemoryGateway) -> None:
    token, _ = sessions.sign_in(EMAIL, PASSWORD, ip=None, user_agent="")
    assert not second_factor_resets.reset(EMAIL, by=OWNER)
    assert sessions.resume(token) is not None
    assert mails.sent == []
    assert "administrator.second_factor_reset" not in [one.action for one in trail.entries().shown]


def test_ones_own_account_and_unknown_ones_are_refused(jane: Administrator, token: str) -> None:
    with pytest.raises(OwnAccount):
        second_factor_resets.reset(EMAIL, by=Actor(jane.id, EMAIL))
    assert sessions.resume(token) is not None
    with pytest.raises(NotFound):
        second_factor_resets.reset("nobody@example.org")

"""Invitations: sent by an owner, accepted with a code from the mailbox, sent again, withdrawn."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from channels.memory import MemoryGateway
from exts import db
from models import Invitation
from services import retention
from services.audit import trail
from services.people import administrators, invitations
from tests.cms.conftest import EMAIL, PASSWORD, Visitor, code_in, token_of

LIST, PAGE = "/cms/administrators", "/cms/administrators/invite"
GUEST, NEW = "guest@example.net", "eight green herons"


def link_in(mails: MemoryGateway) -> str:
    """Return the path of the newest link received."""
    sent = [outgoing for outgoing in mails.sent if outgoing.template == "invitation"]
    return re.search(r"http://sendcode\.test(/cms/invitation/[\w-]{43})", sent[-1].text)[1]


def invite(visitor: Visitor, role: str = "operator") -> None:
    assert visitor.submit(PAGE, page=PAGE, email=GUEST, role=role).location == LIST


def people(app: Flask) -> list[str]:
    with app.app_context():
        return [one.email for one in administrators.everyone()]


def test_somebody_is_invited_and_joins_with_a_code(
    signed_in: Visitor, newcomer: Callable[[], Visitor], app: Flask, mails: MemoryGateway
) -> None:
    invite(signed_in)
    assert GUEST in signed_in.get(LIST).text
    assert (mails.sent[-1].to, EMAIL in mails.sent[-1].text) == (GUEST, True)
    guest, link = newcomer(), link_in(mails)
    assert "as operator" in guest.get(link).text
    assert guest.submit(f"{link}/send", page=link).location == link
    assert 'autocomplete="one-time-code"' in guest.get(link).text
    fields = {"code": code_in(mails), "password": NEW, "repeated": NEW}
    assert guest.submit(f"{link}/accept", page=link, **fields).location == "/cms"
    assert people(app) == [GUEST, EMAIL]
    assert "Welcome. You are signed in." in guest.get("/cms/account").text
    assert guest.get("/cms/audit").status_code == 200
    assert "Signed in" in guest.get("/cms/account/sign-ins").text
    assert newcomer().sign_in(GUEST, NEW).location == "/cms"
    assert guest.get(link).status_code == 404
    assert GUEST not in signed_in.get(LIST).text.partition("Invited")[2]
    with app.app_context():
        accepted, invited = trail.entries().shown[:2]
    assert (accepted.action, accepted.actor, accepted.after) == (
        "administrator.invitation_accepted",
        GUEST,
        {"role": "operator"},
    )
    assert (invited.action, invited.actor, invited.subject) == (
        "administrator.invited",
        EMAIL,
        "g***@example.net",
    )


def test_the_link_alone_creates_no_administrator(
    signed_in: Visitor, newcomer: Callable[[], Visitor], app: Flask, mails: MemoryGateway
) -> None:
    invite(signed_in)
    guest, link = newcomer(), link_in(mails)
    fields = {"code": "123456", "password": NEW, "repeated": NEW}
    refused = guest.submit(f"{link}/accept", page=link, **fields)
    assert (refused.status_code, "Send a code first." in refused.text) == (422, True)
    guest.submit(f"{link}/send", page=link)
    wrong = f"{(int(code_in(mails)) + 1) % 1_000_000:06}"
    for _ in range(5):
        assert guest.submit(f"{link}/accept", page=link, **{**fields, "code": wrong}).status_code == 422
    fields["code"] = code_in(mails)
    assert guest.submit(f"{link}/accept", page=link, **fields).status_code in (422, 429)
    assert people(app) == [EMAIL]
    assert guest.get("/cms/account").status_code == 303, "nobody is signed in by a wrong code"


@pytest.mark.parametrize(
    ("password", "repeated", "field"), [(NEW, "other", "repeated"), ("short", "short", "password")]
)
def test_a_bad_password_costs_no_attempt(
    signed_in: Visitor,
    newcomer: Callable[[], Visitor],
    mails: MemoryGateway,
    password: str,
    repeated: str,
    field: str,
) -> None:
    invite(signed_in)
    guest, link = newcomer(), link_in(mails)
    guest.submit(f"{link}/send", page=link)
    code = code_in(mails)
    for _ in range(6):
        answer = guest.submit(f"{link}/accept", page=link, code=code, password=password, repeated=repeated)
        assert (answer.status_code, f'id="{field}-error"' in answer.text) == (422, True)
    fields = {"code": code, "password": NEW, "repeated": NEW}
    assert guest.submit(f"{link}/accept", page=link, **fields).location == "/cms"


def test_a_link_ends_with_age_a_newer_one_or_a_withdrawal(
    visitor: Visitor, newcomer: Callable[[], Visitor], app: Flask, mails: MemoryGateway
) -> None:
    with time_machine.travel("2026-05-01T12:00:00Z", tick=False) as clock:
        visitor.sign_in()
        invite(visitor)
        guest, first = newcomer(), link_in(mails)
        with app.app_context():
            path = f"{LIST}/invitations/{db.session.scalar(select(Invitation.id))}"
        visitor.submit(f"{path}/resend", page=LIST)
        second = link_in(mails)
        assert guest.get(first).status_code == 404
        assert guest.get(second).status_code == 200
        clock.shift(timedelta(hours=72))
        assert guest.get(second).status_code == 404
        visitor.sign_in()
        assert "Link expired" in visitor.get(LIST).text
        visitor.submit(f"{path}/resend", page=LIST)
        third = link_in(mails)
        assert guest.get(third).status_code == 200
        visitor.submit(f"{path}/withdraw", page=LIST)
        assert guest.get(third).status_code == 404
        assert GUEST not in visitor.get(LIST).text.partition("Invited")[2]
        assert visitor.submit(f"{path}/resend", page=LIST).status_code == 404


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"email": EMAIL, "role": "viewer"}, 409),
        ({"email": GUEST, "role": "viewer"}, 409),
        ({"email": "nobody", "role": "viewer"}, 422),
        ({"email": "new@example.org", "role": "king"}, 422),
    ],
)
def test_administrators_and_invited_people_are_not_invited_again(
    signed_in: Visitor, mails: MemoryGateway, fields: dict[str, str], status: int
) -> None:
    invite(signed_in)
    answer = signed_in.submit(PAGE, page=PAGE, **fields)
    assert answer.status_code == status
    assert len(mails.sent) == 1


def test_the_database_stores_no_token_and_the_purge_deletes_the_address(
    signed_in: Visitor, app: Flask, mails: MemoryGateway
) -> None:
    invite(signed_in)
    token = link_in(mails).rpartition("/")[2]
    with app.app_context():
        assert token not in repr(db.session.execute(select(Invitation.__table__)).all())
        db.session.rollback()
        assert retention.purge(timedelta())["invitations"] == 0
        with time_machine.travel(datetime.now(UTC) + timedelta(days=8)):
            assert retention.purge(timedelta(days=7))["invitations"] == 1


def test_only_owners_invite(newcomer: Callable[[], Visitor], app: Flask) -> None:
    with app.app_context():
        administrators.add("kim@example.org", "operator", PASSWORD)
    kim = newcomer()
    kim.sign_in("kim@example.org")
    assert kim.get(PAGE).status_code == 403
    assert kim.submit(PAGE, email=GUEST, role="owner").status_code == 403


def test_a_forged_link_is_not_found(visitor: Visitor) -> None:
    page = visitor.get("/cms/invitation/nothing")
    assert page.status_code == 404
    assert "no longer valid" in page.text
    for path in ("send", "accept"):
        assert visitor.submit(f"/cms/invitation/nothing/{path}", page="/cms/login").status_code == 404


@pytest.mark.parametrize(
    ("email", "said"),
    [("Jane@Example.org", "See the page Administrators"), (GUEST, "is already invited")],
)
def test_administrators_and_invitees_are_listed_apart(signed_in: Visitor, email: str, said: str) -> None:
    invite(signed_in)
    answer = signed_in.submit(PAGE, page=PAGE, email=email, role="viewer")
    assert answer.status_code == 409
    assert said in answer.text


class TestWithoutAPublicAddress:
    @pytest.fixture
    def settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        return {**settings, "PUBLIC_URL": ""}

    def test_nobody_is_invited_and_the_page_names_the_setting(
        self, signed_in: Visitor, mails: MemoryGateway
    ) -> None:
        assert "PUBLIC_URL" in signed_in.get(PAGE).text
        answer = signed_in.submit(PAGE, page=PAGE, email=GUEST, role="viewer")
        assert (answer.status_code, "PUBLIC_URL" in answer.text) == (409, True)
        assert mails.sent == []
        assert GUEST not in signed_in.get(LIST).text

    def test_a_link_is_not_sent_again(self, app: Flask, signed_in: Visitor, mails: MemoryGateway) -> None:
        with app.app_context():
            invited = invitations.invite(GUEST, "viewer", link_of=str, by=trail.COMMAND_LINE)
        sent = len(mails.sent)
        signed_in.submit(f"{LIST}/invitations/{invited.id}/resend")
        assert "PUBLIC_URL" in signed_in.get(LIST).text
        assert len(mails.sent) == sent


def test_a_link_never_begins_with_what_the_browser_calls_us(signed_in: Visitor, mails: MemoryGateway) -> None:
    token = token_of(signed_in.get(PAGE).text)
    fields = {"csrf_token": token, "email": GUEST, "role": "viewer"}
    signed_in.client.post(PAGE, data=fields, headers={"X-Forwarded-Host": "evil.example"})
    assert "evil" not in mails.sent[-1].text
    assert link_in(mails)

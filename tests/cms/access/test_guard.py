"""No page without signing in, and no change without the form's token."""

import re

import pytest
from flask import Flask
from werkzeug.routing import Rule

from channels.memory import MemoryGateway
from cms.access.guard import needed_role
from domain.roles import Role
from exts import db
from models import AdministratorSession, Verification
from services.audit import trail
from services.people import administrators
from tests.cms.conftest import EMAIL, PASSWORD, Visitor, token_of

OPEN = {"cms.login", "cms.sign_in", "cms.choose_language"}
MAILED = {"cms.invitation", "cms.send_invitation_code", "cms.accept_invitation"}
"""Open to anyone with the token from a mail; 404 for everyone else."""
HALF_WAY = {
    "cms.check_second_step",
    "cms.send_second_step",
    "cms.check_app_step",
    "cms.check_passkey_step",
    "cms.use_recovery_code",
}
"""Open after the password and before the code; everyone else is redirected to the sign-in page."""


def rules(app: Flask, method: str) -> list[Rule]:
    found = [
        rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("cms.") and method in rule.methods
    ]
    assert found
    return found


def address(rule: Rule) -> str:
    return re.sub(r"<[^>]+>", "1", rule.rule.replace("<kind>", "email"))


def test_every_page_but_the_sign_in_is_closed_to_strangers(app: Flask, visitor: Visitor) -> None:
    for rule in rules(app, "GET"):
        answer = visitor.get(address(rule))
        if rule.endpoint in OPEN:
            assert answer.status_code == 200
        elif rule.endpoint in MAILED:
            assert answer.status_code == 404
        else:
            assert answer.location.startswith("/cms/login?next=/cms"), rule


def test_every_form_but_the_sign_in_is_closed_to_strangers(app: Flask, visitor: Visitor) -> None:
    for rule in rules(app, "POST"):
        if rule.endpoint not in OPEN:
            answer = visitor.submit(address(rule), page="/cms/login")
            if rule.endpoint in MAILED:
                assert answer.status_code == 404
            else:
                assert answer.location.startswith("/cms/login?next=/cms"), rule


@pytest.mark.parametrize("token", [None, "", "wrong", "another session's"])
def test_every_form_is_refused_without_its_token(
    app: Flask, signed_in: Visitor, mails: MemoryGateway, sms: MemoryGateway, token: str | None
) -> None:
    if token == "another session's":
        token = token_of(Visitor(app.test_client()).get("/cms/login").text)
    fields = {
        "email": "new@example.net",
        "phone": "13800138000",
        "password": "eight green herons",
        "code": "123456",
    }
    for rule in rules(app, "POST"):
        answer = signed_in.client.post(address(rule), data=fields | ({"csrf_token": token} if token else {}))
        assert answer.status_code == 400, rule
        assert "This form has expired" in answer.text
        assert "<h1>" in answer.text
    assert signed_in.get("/cms/account").status_code == 200
    assert EMAIL in signed_in.get("/cms/account").text
    assert mails.sent == sms.sent == []
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count()).select_from(Verification)) == 0
        assert db.session.scalar(db.select(db.func.count()).select_from(AdministratorSession)) == 1


def test_every_form_names_the_role_it_needs(app: Flask) -> None:
    for rule in rules(app, "POST"):
        assert rule.endpoint in OPEN | MAILED | HALF_WAY or needed_role(rule.endpoint, "POST"), rule
    assert needed_role("cms.a_new_form", "POST") is None, "a form is closed to everybody until it says so"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_nobody_exceeds_their_role(app: Flask, visitor: Visitor, role: Role) -> None:
    with app.app_context():
        administrators.add("kim@example.org", role, PASSWORD)
    visitor.sign_in("kim@example.org")
    token = token_of(visitor.get("/cms/account").text)
    closed = 0
    for method in ("GET", "POST"):
        for rule in rules(app, method):
            needed = needed_role(rule.endpoint, method)
            if rule.endpoint not in OPEN and needed and not role.covers(needed):
                closed += 1
                answer = visitor.client.open(address(rule), method=method, data={"csrf_token": token})
                assert answer.status_code == 403, rule
                assert f"This needs the role {needed}, and yours is {role}." in answer.text
    assert closed
    menu = visitor.get("/cms/account").text
    assert (">Audit<" in menu) == (role is Role.OPERATOR)
    assert ">API keys<" not in menu
    assert ">Administrators<" not in menu
    with app.app_context():
        assert {entry.actor for entry in trail.entries().shown} == {"command line"}


def test_a_form_refuses_get(app: Flask, signed_in: Visitor) -> None:
    for rule in rules(app, "POST"):
        if rule.endpoint in ("cms.send_code", "cms.confirm_code", "cms.cancel_code", "cms.logout"):
            answer = signed_in.get(address(rule))
            assert answer.status_code == 405
            assert answer.headers["Allow"]
            assert "Go back and use the button instead." in answer.text


def test_an_unknown_change_is_not_found(signed_in: Visitor) -> None:
    assert signed_in.submit("/cms/account/name/send", name="x").status_code == 404

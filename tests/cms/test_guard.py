"""No page without signing in, no change without the form's token."""

import pytest
from flask import Flask
from werkzeug.routing import Rule

from channels.memory import MemoryGateway
from exts import db
from models import AdministratorSession, Verification
from tests.cms.conftest import EMAIL, Visitor, token_of

OPEN = {"cms.login", "cms.sign_in"}


def rules(app: Flask, method: str) -> list[Rule]:
    found = [
        rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("cms.") and method in rule.methods
    ]
    assert found
    return found


def address(rule: Rule) -> str:
    return rule.rule.replace("<kind>", "email")


def test_every_page_but_the_sign_in_is_closed_to_strangers(app: Flask, visitor: Visitor) -> None:
    for rule in rules(app, "GET"):
        answer = visitor.get(address(rule))
        if rule.endpoint in OPEN:
            assert answer.status_code == 200
        else:
            assert answer.location.startswith("/cms/login?next=/cms"), rule


def test_every_form_but_the_sign_in_is_closed_to_strangers(app: Flask, visitor: Visitor) -> None:
    for rule in rules(app, "POST"):
        if rule.endpoint not in OPEN:
            answer = visitor.submit(address(rule), page="/cms/login")
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


def test_a_form_takes_no_get(app: Flask, signed_in: Visitor) -> None:
    for rule in rules(app, "POST"):
        if rule.endpoint in ("cms.send_code", "cms.confirm_code", "cms.cancel_code", "cms.logout"):
            answer = signed_in.get(address(rule))
            assert answer.status_code == 405
            assert answer.headers["Allow"]
            assert "Go back and use the button instead." in answer.text


def test_an_unknown_change_is_not_found(signed_in: Visitor) -> None:
    assert signed_in.submit("/cms/account/name/send", name="x").status_code == 404

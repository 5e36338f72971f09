"""Every form of the console, found from the routes: its CSRF token, its role, its audit entry."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from channels.memory import MemoryGateway
from cms.access.guard import needed_role
from cms.frame.headers import POLICY
from devtools import crawl
from domain.roles import Role
from exts import db
from services.audit import trail
from tests.cms.conftest import PASSWORD, Visitor, token_of
from tests.cms.forms import CHANGES, NOT_AUDITED, VERA, House, Snapshot, furnished
from tests.databases import sqlite_file

pytestmark = pytest.mark.xdist_group("house")
BEFORE_SIGN_IN = {
    "cms.sign_in",
    "cms.choose_language",
    "cms.send_invitation_code",
    "cms.accept_invitation",
    "cms.check_second_step",
    "cms.send_second_step",
    "cms.check_app_step",
    "cms.check_passkey_step",
    "cms.use_recovery_code",
}
"""Forms for people who are not signed in."""
OWN = {
    "cms.send_second_factor",
    "cms.begin_authenticator",
    "cms.logout",
    "cms.set_theme",
    "cms.prove_password",
    "cms.send_code",
    "cms.cancel_code",
    "cms.confirm_code",
} | {endpoint for endpoint, form in CHANGES.items() if form.action.about == "account"}
"""Forms that everybody may use for their own account."""
SEARCHES = {
    "cms.find_suppression",
    "cms.search_messages",
    "cms.search_everything",
    "cms.search_verifications",
    "cms.show_understood",
}
"""Forms that change nothing."""
INLINE = re.compile(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|javascript:", re.IGNORECASE)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return Snapshot(tmp_path_factory.mktemp("house") / "house.db")


@pytest.fixture
def house(app: Flask, newcomer: Callable[[], Visitor], mails: MemoryGateway, snapshot: Snapshot) -> House:
    file = sqlite_file(app.config["SQLALCHEMY_DATABASE_URI"])
    return snapshot.restored(app, newcomer, mails, file) or snapshot.taken(
        furnished(app, newcomer, mails), file
    )


def posting(app: Flask) -> dict[str, str]:
    """Return every view of the console that takes a POST, with its rule."""
    return {
        rule.endpoint: rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("cms.") and "POST" in (rule.methods or ())
    }


def addresses(house: House) -> dict[str, str]:
    """Return the URL of each form, with existing objects where the house has them."""
    known = {endpoint: form.path.format(**house.names) for endpoint, form in CHANGES.items()}
    return {
        endpoint: known.get(endpoint, re.sub(r"<[^>]+>", "1", rule.replace("<kind>", "email")))
        for endpoint, rule in posting(house.app).items()
    }


def everything(app: Flask) -> dict[str, list[Any]]:
    """Return all rows of the database."""
    with app.app_context(), db.engine.connect() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(db.select(table))]
            for table in db.metadata.sorted_tables
        }


def test_every_form_is_listed_with_its_action(app: Flask) -> None:
    assert set(posting(app)) == set(CHANGES) | set(NOT_AUDITED), "see tests/cms/forms.py"
    assert not set(CHANGES) & set(NOT_AUDITED)


@pytest.mark.parametrize("endpoint", CHANGES)
def test_every_change_is_audited(house: House, endpoint: str) -> None:
    path, fields = CHANGES[endpoint].filled(house)
    house.jane.get("/cms/account")
    answer = house.jane.submit(path, **fields)
    assert answer.status_code in (200, 303), answer.text
    with house.app.app_context():
        entry = trail.entries().shown[0]
    assert entry.action == CHANGES[endpoint].action
    assert (entry.actor_id, entry.ip) == (1, "127.0.0.1")


@pytest.mark.parametrize("token", [None, "", "wrong", "another session's"])
def test_no_form_changes_anything_without_its_token(
    house: House, newcomer: Callable[[], Visitor], token: str | None
) -> None:
    if token == "another session's":
        token = token_of(newcomer().get("/cms/login").text)
    before = everything(house.app)
    for endpoint, path in addresses(house).items():
        answer = house.jane.client.post(path, data={} if token is None else {"csrf_token": token})
        assert answer.status_code == 400, endpoint
        assert_is_guarded(answer)
    assert everything(house.app) == before


def test_a_viewer_changes_only_their_own_account(house: House, newcomer: Callable[[], Visitor]) -> None:
    vera = newcomer()
    vera.sign_in(VERA, PASSWORD)
    token = token_of(vera.get("/cms/account").text)
    before, refused = everything(house.app), set()
    for endpoint, path in addresses(house).items():
        if endpoint in OWN | SEARCHES or needed_role(endpoint, "POST") is None:
            continue
        fields = CHANGES[endpoint].fields if endpoint in CHANGES else {}
        fields = {} if callable(fields) else fields
        answer = vera.client.post(path, data={"csrf_token": token, **fields})
        assert answer.status_code == 403, endpoint
        assert_is_guarded(answer)
        refused.add(endpoint)
    assert everything(house.app) == before
    assert refused == set(posting(house.app)) - OWN - SEARCHES - BEFORE_SIGN_IN
    assert all(needed_role(endpoint, "POST") is Role.VIEWER for endpoint in OWN)


@pytest.mark.parametrize("who", ["stranger", "owner", "viewer"])
def test_every_page_has_the_policy_and_nothing_inline(
    house: House, newcomer: Callable[[], Visitor], who: str
) -> None:
    visitor = {"owner": house.jane}.get(who) or newcomer()
    if who == "viewer":
        visitor.sign_in(VERA, PASSWORD)
    views = crawl.endpoints(house.app)
    for rule in house.app.url_map.iter_rules():
        if rule.endpoint in views and rule.arguments:  # without any, it is among the pages
            assert_is_guarded(visitor.get(re.sub(r"<[^>]+>", "1", rule.rule)))
    shown, _ = crawl.pages(house.app, visitor.client, look=assert_is_guarded)
    assert shown
    assert_is_guarded(visitor.get("/nowhere"))


def assert_is_guarded(answer: TestResponse) -> None:
    if answer.mimetype != "text/html":
        return
    if crawl.is_framed(answer):
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"], answer.request.path
        return
    assert answer.headers["Content-Security-Policy"] == POLICY, answer.request.path
    assert "default-src 'self'" in POLICY
    assert "unsafe" not in POLICY
    assert not INLINE.search(answer.text), answer.request.path

"""The page behind the link in bulk messages, and one-click unsubscribe from mail programs."""

import logging
import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from domain import unsubscribe_links
from domain.keyring import Keyring
from domain.statuses import Channel, SuppressionReason
from exts import db
from services.messaging import suppressions
from services.process import parts
from tests.cms.conftest import Visitor

KIM, NUMBER = "kim@example.com", "+8613800138000"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def path(app: Flask) -> str:
    """Kim's link."""
    return path_of(app, Channel.EMAIL, KIM)


def path_of(app: Flask, channel: Channel, canonical: str) -> str:
    return unsubscribe_links.PATH + unsubscribe_links.token(parts.of(app, Keyring), channel, canonical)


@pytest.fixture
def stands(app: Flask) -> Callable[[], str | None]:
    """Return why Kim gets no bulk mails, None if she gets them."""

    def look() -> str | None:
        with app.app_context():
            found = suppressions.find(Channel.EMAIL, KIM)
            return found.reason if found else None

    return look


@pytest.fixture
def writes(app: Flask) -> Iterator[list[str]]:
    """The SQL statements that write."""
    seen: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        if not statement.startswith(("SELECT", "PRAGMA")):
            seen.append(statement)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
        yield seen
        event.remove(db.engine, "before_cursor_execute", note)


def button(page: TestResponse) -> tuple[str, dict[str, str]]:
    """Return the action and the fields of the page's one form."""
    (action,) = re.findall(r'<form method="post" action="([^"]+)"', page.text)
    return action, dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]+)"', page.text))


def press(client: FlaskClient, page: TestResponse) -> TestResponse:
    action, fields = button(page)
    return client.post(action, data=fields)


def test_a_mail_program_unsubscribes_with_one_click(
    app: Flask, path: str, stands: Callable[[], str | None]
) -> None:
    answer = app.test_client(use_cookies=False).post(
        path, data="List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 200, "and no redirect (RFC 8058 3.2)"
    assert "Set-Cookie" not in answer.headers
    assert stands() == "unsubscribed"


def test_it_may_post_multipart_and_twice(
    client: FlaskClient, path: str, stands: Callable[[], str | None]
) -> None:
    for _ in range(2):
        assert client.post(path, data=ONE_CLICK, content_type="multipart/form-data").status_code == 200
        assert stands() == "unsubscribed"


def test_opening_the_page_changes_nothing(
    client: FlaskClient, path: str, stands: Callable[[], str | None], writes: list[str]
) -> None:
    for method in ("GET", "HEAD", "OPTIONS"):
        assert client.open(f"{path}?List-Unsubscribe=One-Click", method=method).status_code == 200
    assert stands() is None
    assert writes == []


def test_a_post_without_the_one_click_field_is_asked_to_confirm(
    client: FlaskClient, path: str, stands: Callable[[], str | None]
) -> None:
    for body in ("", "List-Unsubscribe=", "List-Unsubscribe=no", "list=One-Click", "{}"):
        answer = client.post(path, data=body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 422, body
        assert "Unsubscribe?" in answer.text
    assert stands() is None


def test_a_person_unsubscribes_and_undoes_it(
    client: FlaskClient, path: str, stands: Callable[[], str | None]
) -> None:
    page = client.get(path)
    assert "You will then get no more newsletters at k***@example.com." in page.text
    done = press(client, page)
    assert (done.status_code, stands()) == (200, "unsubscribed")
    assert "You will get no more newsletters at k***@example.com." in done.text
    assert "Codes that you ask for" in done.text
    assert "You are unsubscribed" in client.get(path).text
    undone = press(client, done)
    assert (undone.status_code, stands()) == (200, None)
    assert "You will get newsletters at k***@example.com again." in undone.text
    assert "Unsubscribe?" in client.get(path).text


def test_the_page_can_not_undo_a_suppression_by_an_operator(
    app: Flask, client: FlaskClient, path: str, stands: Callable[[], str | None]
) -> None:
    with app.app_context():
        suppressions.add(Channel.EMAIL, KIM, SuppressionReason.COMPLAINT)
    page = client.get(path)
    assert "You are unsubscribed" in page.text
    assert "<form" not in page.text
    assert "You are unsubscribed" in client.post(f"{path}/undo").text
    assert stands() == "complaint"


@pytest.mark.parametrize(
    ("language", "shown", "texts"),
    [
        ("de-AT,en;q=0.5", "de", ["Abbestellen?", "Newsletter per SMS"]),
        ("zh-CN", "zh", ["要退订吗？", "订阅短信"]),
        ("fr", "en", ["Unsubscribe?", "newsletters by text message"]),
    ],
)
def test_the_page_is_in_the_readers_language(
    app: Flask, client: FlaskClient, language: str, shown: str, texts: list[str]
) -> None:
    path = path_of(app, Channel.SMS, NUMBER)
    pages = [client.get(path, headers={"Accept-Language": language})]
    assert all(text in pages[0].text for text in texts)
    for route in (path, f"{path}/undo"):
        pages.append(client.post(route, data=ONE_CLICK, headers={"Accept-Language": language}))
    pages.append(client.get("/unsubscribe/x", headers={"Accept-Language": language}))
    headings = {re.findall("<h1>(.+)</h1>", page.text)[0] for page in pages}
    assert len(headings) == 4
    for page in pages:
        assert f'<html lang="{shown}">' in page.text
    assert all("+86138****8000" in page.text for page in pages[:3])


def test_a_forged_link_is_not_found(client: FlaskClient, writes: list[str]) -> None:
    for rubbish in ("x", "A" * 60, "A" * 4000, "%00", "%ff%fe", "é", "..%2f..", "'\"<b>"):
        for answer in (
            client.get(f"/unsubscribe/{rubbish}"),
            client.post(f"/unsubscribe/{rubbish}", data=ONE_CLICK),
            client.post(f"/unsubscribe/{rubbish}/undo"),
        ):
            assert answer.status_code == 404, rubbish
            assert "<b>" not in answer.text
    assert writes == []


def test_an_altered_link_is_not_found(
    client: FlaskClient, path: str, stands: Callable[[], str | None]
) -> None:
    for place in range(len("/unsubscribe/"), len(path), 7):
        altered = path[:place] + ("A" if path[place] != "A" else "B") + path[place + 1 :]
        answer = client.post(altered, data=ONE_CLICK)
        assert (answer.status_code, "This link does not work" in answer.text) == (404, True)
    assert client.post(f"{path}=", data=ONE_CLICK).status_code == 404
    assert stands() is None


def test_pages_are_never_cached_run_nothing_and_set_no_cookie(client: FlaskClient, path: str) -> None:
    for answer in (
        client.get(path),
        client.post(path, data=ONE_CLICK),
        client.post(f"{path}/undo"),
        client.get("/unsubscribe/x"),
    ):
        headers = answer.headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Robots-Tag"] == "noindex, nofollow"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert "form-action 'self'" in headers["Content-Security-Policy"]
        assert "Set-Cookie" not in headers
        assert not re.search(r"<script|<style|\sstyle=|(src|href|action)=\"(https?:)?//", answer.text)


def test_an_administrator_stays_signed_in_and_keeps_pending_notices(signed_in: Visitor, path: str) -> None:
    signed_in.submit("/cms/logout")
    press(signed_in.client, signed_in.get(path))
    assert "You are signed out." in signed_in.get("/cms/login").text


def test_no_address_is_logged_or_shown(
    client: FlaskClient, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    texts = [client.get(path).text, client.post(path, data=ONE_CLICK).text, client.post(f"{path}/undo").text]
    assert KIM not in "".join(texts) + caplog.text


def test_every_other_form_needs_its_csrf_token(app: Flask, client: FlaskClient) -> None:
    pages = [
        rule
        for rule in app.url_map.iter_rules()
        if "POST" in rule.methods
        and not app.view_functions[rule.endpoint].__module__.startswith(("api.", "hooks."))
    ]
    without = {
        rule.endpoint for rule in pages if client.post(re.sub(r"<[^>]+>", "1", rule.rule)).status_code != 400
    }
    assert without == {"unsubscribe.unsubscribe", "unsubscribe.undo"}

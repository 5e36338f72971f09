"""The log of a key's requests: pages, errors only, one request id, today's numbers."""

import re

import pytest
from flask import Flask

from cms.keys import api_keys as key_pages
from services.keys import api_keys
from services.people import administrators
from services.process.parts import part
from services.request_log import request_lists
from services.request_log.noting import RequestLog
from tests.cms.conftest import PASSWORD, Visitor


@pytest.fixture
def key(app: Flask) -> str:
    with app.app_context():
        return api_keys.create("Shop")[0].id


def call(
    app: Flask, key: str, status: int = 202, code: str | None = None, request_id: str = "request-1"
) -> None:
    with app.app_context():
        part(RequestLog).note(key, "POST", "/api/v1/messages", status, code, 0.0124, request_id)
        part(RequestLog).write()


def ids_in(html: str) -> list[str]:
    return re.findall(r'<span class="aside mono">(request-\d+)</span>', html)


def test_the_log_shows_calls_newest_first_and_errors_alone(signed_in: Visitor, app: Flask, key: str) -> None:
    call(app, key)
    call(app, key, 404, "not_found", "request-2")
    page = signed_in.get(f"/cms/api-keys/{key}/requests").text
    assert ids_in(page) == ["request-2", "request-1"]
    assert "POST /api/v1/messages" in page
    assert "not_found" in page
    assert "12 ms" in page
    assert ids_in(signed_in.get(f"/cms/api-keys/{key}/requests?errors=1").text) == ["request-2"]
    assert ids_in(signed_in.get(f"/cms/api-keys/{key}/requests?request=request-1").text) == ["request-1"]
    assert "No results" in signed_in.get(f"/cms/api-keys/{key}/requests?request=request-3").text


def test_todays_numbers_are_in_the_list_and_on_the_pages_of_the_key(
    signed_in: Visitor, app: Flask, key: str
) -> None:
    assert "no calls" in signed_in.get("/cms/api-keys").text
    call(app, key)
    call(app, key, 404, "not_found")
    page = signed_in.get("/cms/api-keys").text
    assert ">2 calls<" in page
    assert ">1 error<" in page
    assert 'aria-label="In 24 hours: 2 calls, 1 error"' in page
    assert page.count('<rect class="bar') == 2, "one that went well, one error"
    assert "Today: 2 calls, 1 error" in signed_in.get(f"/cms/api-keys/{key}").text
    assert "50%" in signed_in.get(f"/cms/api-keys/{key}/requests").text


def test_the_page_of_a_key_has_its_newest_calls(
    signed_in: Visitor, app: Flask, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_pages, "NEWEST_CALLS", 2)
    assert "Requests of this key" not in signed_in.get(f"/cms/api-keys/{key}").text
    for number in range(3):
        call(app, key, request_id=f"request-{number}")
    assert ids_in(signed_in.get(f"/cms/api-keys/{key}").text) == ["request-2", "request-1"]


def test_older_calls_are_a_page_away(
    signed_in: Visitor, app: Flask, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_lists, "PAGE", 2)
    for number in range(3):
        call(app, key, request_id=f"request-{number}")
    page = signed_in.get(f"/cms/api-keys/{key}/requests").text
    older = re.search(r'href="([^"]+cursor=[^"]+)"', page)
    assert older
    assert len(ids_in(page)) == 2
    assert len(ids_in(signed_in.get(older[1].replace("&amp;", "&")).text)) == 1
    assert signed_in.get(f"/cms/api-keys/{key}/requests?cursor=broken").status_code == 303


def test_a_log_that_is_off_says_so(signed_in: Visitor, app: Flask, key: str) -> None:
    app.config["REQUEST_LOG_DAYS"] = 0
    assert "REQUEST_LOG_DAYS is 0" in signed_in.get(f"/cms/api-keys/{key}/requests").text


def test_only_owners_read_it(visitor: Visitor, app: Flask, key: str) -> None:
    with app.app_context():
        administrators.add("kim@example.net", "operator", PASSWORD)
    visitor.sign_in("kim@example.net")
    assert visitor.get(f"/cms/api-keys/{key}/requests").status_code == 403
    assert signed_out(visitor) == 404


def signed_out(visitor: Visitor) -> int:
    visitor.submit("/cms/logout")
    visitor.sign_in()
    return visitor.get(f"/cms/api-keys/{'0' * 32}/requests").status_code

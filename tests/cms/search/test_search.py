"""The search in the header: straight to the one thing, else a list by kind; by role, masked, nothing in the address."""

import pytest
from flask import Flask

from domain.owners import Owner
from domain.statuses import Channel
from services.codes import verifications
from services.keys import api_keys
from services.messaging import messages
from services.people import administrators
from tests.cms.conftest import PASSWORD, Visitor

NUMBER, MASKED = "+8613800138000", "+86138****8000"


@pytest.fixture
def message(app: Flask) -> str:
    with app.app_context():
        return messages.send(messages.Request(Channel.SMS, NUMBER, text="Hello"), Owner("key:a")).id


def search(visitor: Visitor, text: str) -> str:
    """Return where a search leads."""
    answer = visitor.submit("/cms/search", page="/cms/messages", typed=text)
    assert answer.status_code == 303
    assert text not in answer.location
    return answer.location


def follow(visitor: Visitor, text: str) -> str:
    """Return the address that the results redirect to, or their page."""
    answer = visitor.get(search(visitor, text))
    return answer.location if answer.status_code == 303 else answer.text


def test_one_thing_is_opened_at_once(signed_in: Visitor, app: Flask, message: str):
    assert follow(signed_in, message) == f"/cms/messages/{message}"
    assert follow(signed_in, "fallback") == "/cms/fallback"
    assert follow(signed_in, "memory-sms") == "/cms/gateways/memory-sms"
    with app.app_context():
        key = api_keys.create("Shop")[0]
    assert follow(signed_in, "shop") == f"/cms/api-keys/{key.id}"


def test_results_are_grouped_and_masked(signed_in: Visitor, app: Flask, message: str):
    with app.app_context():
        code = verifications.issue(verifications.Request(Channel.SMS, NUMBER, "login"), Owner("key:a"))
    page = follow(signed_in, "138 0013 8000")
    assert page.count("<h2>Messages</h2>") == page.count("<h2>Verifications</h2>") == 1
    assert f'href="/cms/verifications/{code.id}"' in page
    assert f'href="/cms/messages/{message}"' in page
    assert MASKED in page
    assert "13800138000" not in page
    assert "138 0013 8000" not in page


def test_many_hits_lead_to_the_list_of_all(signed_in: Visitor, app: Flask):
    with app.app_context():
        for _ in range(6):
            messages.send(messages.Request(Channel.SMS, NUMBER, text="Hello"), Owner("key:a"))
    location = search(signed_in, NUMBER)
    page = signed_in.get(location).text
    token = location.partition("?q=")[2]
    assert page.count('href="/cms/messages/') == 5
    assert f'href="/cms/messages?q={token}"' in page
    assert signed_in.get(f"/cms/messages?q={token}").text.count('href="/cms/messages/') >= 6


def test_a_miss_says_what_can_be_found(signed_in: Visitor):
    page = follow(signed_in, "no such thing")
    assert "Destinations and IDs are found only in full" in page
    assert "Results for no such thing" in page


def test_pages_are_found_in_the_language_of_the_reader_and_in_english(signed_in: Visitor):
    signed_in.submit("/cms/language", page="/cms/account", language="de")
    assert follow(signed_in, "Vorlagen") == "/cms/templates"
    assert follow(signed_in, "suppression") == "/cms/suppressions"


def test_nobody_finds_what_their_role_may_not_see(visitor: Visitor, app: Flask):
    with app.app_context():
        administrators.add("lee@example.net", "viewer", PASSWORD)
        api_keys.create("Shop")
    visitor.sign_in("lee@example.net")
    for text in ("shop", "lee@example.net", "API keys"):
        assert "No results" in follow(visitor, text)


def test_a_search_that_is_empty_too_long_or_no_longer_readable(signed_in: Visitor):
    assert signed_in.get("/cms/search").status_code == 200
    assert search(signed_in, " ") == "/cms/search"
    answer = signed_in.submit("/cms/search", typed="x" * 321)
    assert (answer.status_code, "That is too long" in answer.text) == (422, True)
    assert signed_in.get("/cms/search?q=changed").status_code == 422


def test_every_page_has_the_search(signed_in: Visitor):
    for path in ("/cms/", "/cms/account", "/cms/search"):
        page = signed_in.get(path).text
        assert (
            page.count('class="find" method="post" action="/cms/search"') == 2
        )  # wide, and in the menu of a phone
        assert "/static/search.js" in page

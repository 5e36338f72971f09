"""Light and dark: the choice is in a cookie, and each page loads the colours before it is shown."""

import re
from collections.abc import Callable

import pytest
from flask import Flask

from tests.cms.conftest import Visitor

DARK = re.compile(r'<link rel="stylesheet" href="/static/dark.css"(?: media="([^"]+)")?>')


def loaded(html: str) -> str | None:
    """Return when a page loads the dark colours: `always`, a condition, or never."""
    found = DARK.search(html)
    return found and (found[1] or "always")


def scheme(html: str) -> str:
    found = re.search(r'<meta name="color-scheme" content="([^"]+)">', html)
    assert found
    return found[1]


def choose(visitor: Visitor, theme: str) -> None:
    assert visitor.submit("/cms/account/theme", theme=theme).location == "/cms/account"


@pytest.mark.parametrize("path", ["/cms/account", "/nowhere"])
def test_without_a_choice_pages_follow_the_system(signed_in: Visitor, path: str) -> None:
    page = signed_in.get(path).text
    assert loaded(page) == "(prefers-color-scheme: dark)"
    assert scheme(page) == "light dark"


@pytest.mark.parametrize(("theme", "when"), [("light", None), ("dark", "always")])
def test_a_choice_holds_on_every_page_and_after_signing_out(
    signed_in: Visitor, newcomer: Callable[[], Visitor], theme: str, when: str | None
) -> None:
    choose(signed_in, theme)
    assert f'<option value="{theme}" selected>' in signed_in.get("/cms/account").text
    signed_in.submit("/cms/logout")
    for path in ("/cms/login", "/nowhere"):
        page = signed_in.get(path).text
        assert (loaded(page), scheme(page)) == (when, theme)
    assert loaded(newcomer().get("/cms/login").text) == "(prefers-color-scheme: dark)"


def test_the_choice_can_be_given_back_to_the_system(signed_in: Visitor) -> None:
    choose(signed_in, "dark")
    choose(signed_in, "")
    assert loaded(signed_in.get("/cms/account").text) == "(prefers-color-scheme: dark)"
    assert signed_in.client.get_cookie("sendcode_theme") is None


def test_anything_else_is_refused_and_a_strange_cookie_ignored(signed_in: Visitor) -> None:
    assert signed_in.submit("/cms/account/theme", theme="pink").status_code == 422
    signed_in.client.set_cookie("sendcode_theme", '"><script>')
    assert scheme(signed_in.get("/cms/account").text) == "light dark"


def test_the_cookie_is_as_careful_as_that_of_the_session(signed_in: Visitor, app: Flask) -> None:
    app.config["SESSION_COOKIE_SECURE"] = False
    answer = signed_in.submit("/cms/account/theme", theme="dark")
    [cookie] = [one for one in answer.headers.getlist("Set-Cookie") if one.startswith("sendcode_theme=")]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))

"""Signing in and out, from the browser's side."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from services.people import administrators
from tests.cms.conftest import EMAIL, PASSWORD, Visitor, token_of


def test_a_stranger_is_sent_to_sign_in_and_back(visitor: Visitor) -> None:
    assert visitor.get("/").location == "/cms"
    assert visitor.get("/cms").location == "/cms/login?next=/cms"
    answer = visitor.sign_in(next="/cms/account")
    assert answer.status_code == 303
    assert answer.location == "/cms/account"
    assert EMAIL in visitor.get("/cms/account").text
    assert "<h1>Overview</h1>" in visitor.get("/cms").text
    assert visitor.get("/cms/statistics?period=24h").location == "/cms?period=24h", "its address before"
    assert visitor.get("/cms/login").location == "/cms"


def test_a_sign_in_page_left_open_still_works_after_a_look_elsewhere(visitor: Visitor) -> None:
    token = token_of(visitor.get("/cms/login").text)
    visitor.get("/cms/account")
    answer = visitor.client.post(
        "/cms/login", data={"csrf_token": token, "email": EMAIL, "password": PASSWORD}
    )
    assert answer.status_code == 303


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/cms",
        "/\\evil.example",
        "/cms/\\evil.example",
        "https:evil.example",
        "/other",
        "/cmsevil",
        "/cms/\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "",
    ],
)
def test_next_redirects_to_our_own_pages_only(visitor: Visitor, elsewhere: str) -> None:
    assert visitor.sign_in(next=elsewhere).location == "/cms"


def test_every_wrong_pair_gets_the_same_page(app: Flask, newcomer: Callable[[], Visitor]) -> None:
    with app.app_context():
        administrators.add("gone@example.org", "owner", PASSWORD)
        administrators.disable("gone@example.org")
    pages = set()
    for email, password in (
        (EMAIL, "a wrong password"),
        ("nobody@example.org", PASSWORD),
        ("gone@example.org", PASSWORD),
        (EMAIL, ""),
    ):
        answer = newcomer().sign_in(email, password)
        assert answer.status_code == 422
        assert "E-mail or password is wrong. Try again" in answer.text
        assert password not in answer.text or not password
        pages.add(re.sub(r'value="[^"]*"', "", answer.text))
    assert len(pages) == 1


def test_too_many_failures_are_refused_with_the_wait(visitor: Visitor) -> None:
    for _ in range(5):
        assert visitor.sign_in(password="wrong").status_code == 422
    answer = visitor.sign_in()
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 300
    assert "Too many failed sign-ins. Try again in 5 minutes." in answer.text


def test_signing_in_makes_a_new_session_and_discards_the_old(
    visitor: Visitor, newcomer: Callable[[], Visitor]
) -> None:
    visitor.get("/cms/login")
    planted = visitor.cookie()
    visitor.sign_in()
    fixed = newcomer()
    fixed.client.set_cookie("sendcode_session", planted)
    assert fixed.get("/cms/account").status_code == 303
    assert visitor.get("/cms/account").status_code == 200


def test_a_copied_cookie_is_dead_after_signing_out(
    signed_in: Visitor, newcomer: Callable[[], Visitor]
) -> None:
    thief = newcomer()
    thief.client.set_cookie("sendcode_session", signed_in.cookie())
    assert thief.get("/cms/account").status_code == 200
    answer = signed_in.submit("/cms/logout")
    assert answer.location == "/cms/login"
    assert "You are signed out." in signed_in.get("/cms/login").text
    assert thief.get("/cms/account").location == "/cms/login?next=/cms/account"
    assert "Your session has ended." in thief.get("/cms/login").text


def test_the_cookie_is_hidden_from_scripts_and_other_sites(visitor: Visitor) -> None:
    cookie = visitor.sign_in().headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Expires" not in cookie
    assert visitor.client.get_cookie("remember_token") is None


class TestUnderHttps:
    @pytest.fixture
    def settings(self, settings: dict[str, object]) -> dict[str, object]:
        return {**settings, "PUBLIC_URL": "https://sendcode.test"}

    def test_the_cookie_is_bound_to_the_host(self, app: Flask) -> None:
        client = app.test_client()
        answer = client.get("/cms/login", base_url="https://sendcode.test")
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("__Host-sendcode_session=")
        assert "Secure" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"

    def test_signing_in_needs_no_referrer(self, app: Flask) -> None:
        client = app.test_client()
        page = client.get("/cms/login", base_url="https://sendcode.test").text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token
        answer = client.post(
            "/cms/login",
            base_url="https://sendcode.test",
            data={"csrf_token": token[1], "email": EMAIL, "password": PASSWORD},
        )
        assert answer.status_code == 303


class TestOneTimePassword:
    def test_it_must_be_replaced_before_anything_else(self, app: Flask, visitor: Visitor) -> None:
        with app.app_context():
            _, password = administrators.add("new@example.org", "owner")
        assert password
        visitor.sign_in("new@example.org", password)
        for path in ("/cms", "/cms/account"):
            assert visitor.get(path).location == "/cms/password"
        refused = visitor.submit("/cms/account/email/send", page="/cms/password", email="other@example.org")
        assert refused.location == "/cms/password"
        answer = visitor.submit(
            "/cms/password", page="/cms/password", password=PASSWORD + "!", repeated=PASSWORD + "!"
        )
        assert answer.location == "/cms"
        assert "Your password is changed." in visitor.get("/cms").text

    def test_signing_out_is_allowed_instead(self, app: Flask, visitor: Visitor) -> None:
        with app.app_context():
            _, password = administrators.add("new@example.org", "owner")
        assert password
        visitor.sign_in("new@example.org", password)
        assert visitor.submit("/cms/logout", page="/cms/password").location == "/cms/login"


class TestCookiesForHttpsOnly:
    """PUBLIC_URL is https, so a browser that came over http throws the cookie away."""

    SAYS = "Nobody can sign in on this page"

    @pytest.fixture
    def settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        return {**settings, "PUBLIC_URL": "https://codes.example.org"}

    def test_the_sign_in_page_over_http_says_so_and_leads_to_the_right_one(self, visitor: Visitor) -> None:
        page = visitor.get("/cms/login", base_url="http://10.0.0.5:8000").text
        assert self.SAYS in page
        assert 'href="https://codes.example.org/cms/login"' in page

    def test_over_https_it_says_nothing(self, visitor: Visitor) -> None:
        assert self.SAYS not in visitor.get("/cms/login", base_url="https://codes.example.org").text

    def test_behind_a_proxy_that_is_not_trusted_it_says_nothing_before_a_cookie_is_lost(
        self, visitor: Visitor
    ) -> None:
        assert self.SAYS not in visitor.get("/cms/login", base_url="http://codes.example.org").text

    def test_a_form_that_came_back_without_its_cookie_leads_to_the_page_that_says_why(
        self, app: Flask, visitor: Visitor
    ) -> None:
        base = "http://codes.example.org"
        token = token_of(visitor.get("/cms/login", base_url=base).text)
        browser = app.test_client(use_cookies=False)
        fields = {"csrf_token": token, "email": EMAIL, "password": PASSWORD}
        answer = browser.post("/cms/login", data=fields, base_url=base)
        assert answer.status_code == 303
        assert self.SAYS in browser.get(answer.location, base_url=base).text


def test_a_form_without_its_cookie_is_an_expired_one_where_http_is_meant(
    app: Flask, visitor: Visitor
) -> None:
    token = token_of(visitor.get("/cms/login").text)
    browser = app.test_client(use_cookies=False)
    assert browser.post("/cms/login", data={"csrf_token": token}).status_code == 400


def test_who_has_never_chosen_a_time_zone_gets_that_of_the_browser(
    visitor: Visitor, stored: Callable[[], Any]
) -> None:
    visitor.client.set_cookie("zone", "Nowhere/Land", path="/cms")
    visitor.sign_in()
    assert stored().zone is None
    visitor.client.set_cookie("zone", "Asia/Tokyo", path="/cms")
    visitor.submit("/cms/logout")
    visitor.sign_in()
    assert stored().zone == "Asia/Tokyo"
    assert "Times are in Asia/Tokyo." in visitor.get("/cms/audit").text
    visitor.client.set_cookie("zone", "Europe/Berlin", path="/cms")
    visitor.submit("/cms/logout")
    visitor.sign_in()
    assert stored().zone == "Asia/Tokyo"

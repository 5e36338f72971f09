"""Every page has its security headers."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from devtools import crawl
from domain.owners import Owner
from domain.statuses import Channel
from services.codes import verifications
from services.keys import api_keys
from services.people import administrators
from services.scheduling import schedules
from services.scheduling.schedule_rules import NewSchedule
from tests.cms.conftest import PASSWORD, Visitor

PAGES = [
    "/",
    "/cms",
    "/cms/",
    "/cms/login",
    "/cms/account",
    "/cms/password",
    "/cms/confirm-password",
    "/nowhere",
]


@pytest.mark.parametrize("path", PAGES)
def test_pages_run_no_foreign_code_and_are_never_cached(signed_in: Visitor, path: str) -> None:
    headers = signed_in.get(path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    policy = headers["Content-Security-Policy"]
    for part in ("default-src 'self'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"):
        assert part in policy
    assert "unsafe" not in policy
    assert "Strict-Transport-Security" not in headers


@pytest.mark.parametrize("path", PAGES)
def test_pages_have_no_inline_script_or_style_and_ask_no_other_host(signed_in: Visitor, path: str) -> None:
    keeps_to_itself(signed_in.get(path, follow_redirects=True).text)


def test_every_page_of_the_console_has_these_headers(app: Flask, signed_in: Visitor) -> None:
    with app.app_context():
        api_keys.create("shop")
        verifications.issue(verifications.Request(Channel.SMS, "+8613800138000"), Owner("key:a"))
        schedules.add(NewSchedule("nightly", "sendcode.purge", every="1d"))
        administrators.add("kim@example.org", "viewer", PASSWORD)
    looked_at = []

    def look(answer: TestResponse) -> None:
        if answer.status_code == 200 and answer.mimetype == "text/html" and not crawl.is_framed(answer):
            keeps_to_itself(answer.text)
            assert len(re.findall(r"<h1", answer.text)) == 1, answer.request.path
            looked_at.append(answer)

    paths, reached = crawl.pages(app, signed_in.client, look=look)
    assert len(reached) > 40
    assert len(looked_at) == len(paths)


def keeps_to_itself(html: str) -> None:
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", html)
    assert not re.search(r"(src|href|action)=\"(https?:)?//", html)


def test_the_icon_and_the_files_of_a_page_are_there(client: FlaskClient) -> None:
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', client.get("/cms/login").text)
    assert files
    for path in ["/favicon.ico", *files]:
        with client.get(path) as answer:
            assert answer.status_code == 200
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.mimetype in ("image/svg+xml", "text/css", "text/javascript")


def test_the_api_keeps_its_own_headers(app: Flask, client: FlaskClient) -> None:
    for path in ("/api/v1/verifications/x", "/api/nowhere"):
        headers = client.get(path).headers
        assert headers["Content-Type"] == "application/problem+json"
        assert "default-src 'self'" not in headers["Content-Security-Policy"]

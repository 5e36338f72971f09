"""A program that was written for Twilio: raw calls here, its real SDK in test_sdk.py."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from channels.memory import MemoryGateway
from devtools.live.thread_server import serving
from services.keys import api_keys, twilio_tokens
from services.keys.key_views import KeyView
from services.keys.twilio_tokens import Credentials

NUMBER = "+8613800138000"
FOUR = {"type", "title", "status", "code"}
"""The members by which an SDK takes an error for another kind."""


@pytest.fixture
def doors() -> Sequence[str]:
    """Open this door only."""
    return ("twilio_api",)


class Program:
    """Calls with the credentials of one key."""

    def __init__(self, client: FlaskClient, view: KeyView, credentials: Credentials):
        self.client = client
        self.view = view
        self.credentials = credentials
        self.service = f"/twilio/v2/Services/{credentials.service_sid}"
        self.account = f"/twilio/2010-04-01/Accounts/{credentials.account_sid}"

    def get(self, path: str, **query: str) -> TestResponse:
        return self.client.get(path, query_string=query or None, auth=self._auth)

    def post(self, path: str, **fields: str) -> TestResponse:
        return self.send(path, fields)

    def send(self, path: str, data: Mapping[str, Any] | bytes, **options: Any) -> TestResponse:
        return self.client.post(path, data=data, auth=self._auth, **options)

    def verify(self, to: str = NUMBER, **fields: str) -> dict[str, Any]:
        """Send a code and return the verification."""
        channel = "email" if "@" in to else "sms"
        answer = self.post(f"{self.service}/Verifications", To=to, Channel=channel, **fields)
        assert answer.status_code == 201, answer.text
        return answer.json

    def check(self, code: str, to: str = NUMBER) -> TestResponse:
        return self.post(f"{self.service}/VerificationCheck", To=to, Code=code)

    @property
    def _auth(self) -> tuple[str, str]:
        return self.credentials.account_sid, self.credentials.auth_token


def new_program(app: Flask, name: str = "shop", **options: Any) -> Program:
    """Return a program with a new key and its Twilio credentials."""
    with app.app_context():
        view, _ = api_keys.create(name, **options)
        _, credentials = twilio_tokens.give(view.id)
        return Program(app.test_client(), view, credentials)


@pytest.fixture
def program(app: Flask) -> Program:
    """A program whose key has all scopes."""
    return new_program(app)


@pytest.fixture
def code(program: Program, sms: MemoryGateway):
    """Return the code in the newest SMS."""
    return lambda: sms.sent[-1].params["code"]


def wrong(code: str) -> str:
    """Return a code that is not this one."""
    return f"{(int(code) + 1) % 10**6:06}"


def refused(answer: TestResponse, status: int, code: int) -> dict[str, Any]:
    """Return an error's body after asserting that it is Twilio's."""
    assert (answer.status_code, answer.content_type) == (status, "application/json"), answer.text
    body: dict[str, Any] = answer.json
    assert set(body) == {"code", "message", "more_info", "status"}
    assert (body["code"], body["status"]) == (code, status)
    assert type(body["code"]) is int
    assert body["more_info"].endswith(f"/{code}")
    assert not set(body) >= FOUR
    assert answer.headers["Cache-Control"] == "no-store"
    if status == 429:
        assert int(answer.headers["Retry-After"]) >= 1
    return body


@pytest.fixture
def url(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The base address of a server of this application."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving(app) as address:
        yield f"{address}/twilio"

"""A program that calls the API with its own key."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from channels.memory import MemoryGateway
from exts import db
from services.keys import api_keys
from services.keys.key_views import KeyView

NUMBER = "+8613800138000"


@pytest.fixture
def doors() -> Sequence[str]:
    """Open the API only: a program uses no other door."""
    return ("api",)


class Caller:
    """Calls with one key; `verify` issues a verification by SMS."""

    def __init__(self, client: FlaskClient, view: KeyView, key: str):
        self.client = client
        self.view = view
        self.key = key
        self.headers = {"Authorization": f"Bearer {key}"}

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, headers=self.headers)

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        """POST `body` as JSON; headers by name, with _ for -."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(path, json=body, headers={**self.headers, **named})

    def send(self, path: str, data: bytes, content_type: str | None = "application/json") -> TestResponse:
        """POST bytes unchanged."""
        return self.client.post(path, data=data, content_type=content_type, headers=self.headers)

    def verify(self, to: str = NUMBER, **fields: Any) -> dict[str, Any]:
        body = {"channel": "email" if "@" in to else "sms", "to": to, **fields}
        answer = self.post("/api/v1/verifications", body)
        assert answer.status_code == 202, answer.text
        return answer.json


def new_caller(app: Flask, name: str = "tests", **options: Any) -> Caller:
    """Return a caller with a new key."""
    with app.app_context():
        return Caller(app.test_client(), *api_keys.create(name, **options))


@pytest.fixture
def caller(app: Flask) -> Caller:
    """A program whose key has all scopes."""
    return new_caller(app)


@pytest.fixture
def code(caller: Caller, sms: MemoryGateway):
    """Return the code in the newest SMS."""
    return lambda: sms.sent[-1].params["code"]


def stop_database(app: Flask) -> None:
    """Make the database of `app` refuse every connection from now on."""

    def refuse(dialect: Any, *_: Any) -> None:
        raise dialect.dbapi.OperationalError("the server is gone")

    with app.app_context():
        db.session.remove()
        db.engine.dispose()
        event.listen(db.engine, "do_connect", refuse)


def problem(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    """Return an answer's problem document after asserting that it is complete."""
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json"), answer.text
    members = json.loads(answer.text)
    assert members["status"] == status
    assert members["code"] == code
    assert members["request_id"]
    assert {"type", "title", "status", "code", "detail"} <= set(members)
    named = {"row", "column", "code", "detail"} if code == "bad_rows" else {"field", "message"}
    assert all(set(error) == named for error in members.get("errors", []))
    assert answer.headers["Cache-Control"] == "no-store"
    if status == 429:
        assert int(answer.headers["Retry-After"]) >= 1
        assert members["limit"]
    if status == 401:
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    return members

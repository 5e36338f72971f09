"""A person at the console who submits forms like a browser, with the CSRF token."""

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from app import DOORS
from channels.memory import MemoryGateway
from exts import db
from models import Administrator
from services.people import administrators
from tests.cms.drawing import Asking, drawing_once

EMAIL, PASSWORD = "jane@example.org", "seven purple otters"


WITH_A_PROGRAM = {
    "test_broadcasts",
    "test_first_calls",
    "test_headers",
    "test_impossible_values",
    "test_limits",
}
"""The modules whose tests call the API, too."""


@pytest.fixture
def doors(request: pytest.FixtureRequest) -> Sequence[str]:
    """Open the console and the hooks that it tests only, except where a program calls the API, too."""
    return DOORS if request.module.__name__.rpartition(".")[2] in WITH_A_PROGRAM else ("hooks", "cms")


@dataclass
class Visitor:
    """One browser with its own cookies."""

    client: FlaskClient

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, **options)

    def submit(self, path: str, *, page: str = "", **fields: str) -> TestResponse:
        """Post a form with the token of `page`; without a page, with one that any page would have."""
        token = token_of(self.get(page).text) if page else self.token()
        return self.client.post(path, data={"csrf_token": token, **fields})

    def token(self) -> str:
        """Make a token as Flask-WTF does for a page: to render one takes longer than to take its form."""
        with self.client.session_transaction() as session:
            known = session.setdefault("csrf_token", secrets.token_hex(20))
        secret_key = self.client.application.config["SECRET_KEY"]
        return str(URLSafeTimedSerializer(secret_key, salt="wtf-csrf-token").dumps(known))

    def sign_in(self, email: str = EMAIL, password: str = PASSWORD, **fields: str) -> TestResponse:
        return self.submit("/cms/login", email=email, password=password, **fields)

    def cookie(self) -> str:
        found = self.client.get_cookie("sendcode_session")
        assert found is not None
        return found.value


def token_of(html: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', html)
    assert found, "the page has no form"
    return found[1]


def secret_on(html: str) -> str:
    """Return the secret on the page that sets up an authenticator app."""
    found = re.search(r'id="key"[^>]*>([A-Z2-7 ]+)<', html)
    assert found, "the page shows no secret"
    return found[1].replace(" ", "")


def options_on(html: str) -> str:
    """Return what a page asks a device for."""
    found = re.search(r'data-options="([^"]+)"', html)
    assert found, "the page asks no device"
    return unescape(found[1])


def code_in(gateway: MemoryGateway) -> str:
    """Return the newest code that arrived."""
    found = [digits for outgoing in gateway.sent for digits in re.findall(r"\b\d{6}\b", outgoing.text)]
    return found[-1]


@pytest.fixture
def ask(app: Flask) -> Asking:
    """Send a request; on a server each view draws each of its pages once."""
    return drawing_once(app)


@pytest.fixture
def newcomer(app: Flask) -> Callable[[], Visitor]:
    """Make one more browser."""
    return lambda: Visitor(app.test_client())


@pytest.fixture
def visitor(newcomer: Callable[[], Visitor]) -> Visitor:
    """A browser that is not signed in; Jane has an account."""
    return newcomer()


@pytest.fixture(autouse=True)
def jane(app: Flask) -> None:
    """The administrator of most tests."""
    with app.app_context():
        administrators.add(EMAIL, "owner", PASSWORD)


@pytest.fixture
def signed_in(visitor: Visitor) -> Visitor:
    """Jane's browser, signed in."""
    assert visitor.sign_in().status_code == 303
    return visitor


@pytest.fixture
def stored(app: Flask) -> Callable[[], Administrator]:
    """Reload Jane's row, whatever her address is now."""

    def read() -> Administrator:
        with app.app_context():
            return db.session.scalars(db.select(Administrator).order_by(Administrator.id)).first()

    return read

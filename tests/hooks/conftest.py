"""A server that posts to a hook of its own, over the application's own route."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from domain.hooks import HookType
from exts import db
from hooks.senders import SENDERS
from models import Message
from services.hooks import hooks
from services.hooks.exchange import Incoming
from services.hooks.trials import Trial

PHONE, DIGITS = "+8613800138000", "8613800138000"
CODE = "482913"


@pytest.fixture
def doors() -> Sequence[str]:
    """Open the hooks only."""
    return ("hooks",)


@dataclass
class Server:
    """One server with its hook."""

    app: Flask
    id: str
    type: HookType
    secret: str

    def post(
        self, body: Any = None, headers: Mapping[str, str] | None = None, **options: Any
    ) -> TestResponse:
        """Post JSON."""
        path = options.pop("path", f"/hooks/{self.id}")
        return self.app.test_client(use_cookies=False).post(path, json=body, headers=headers, **options)

    def send(self, incoming: Incoming) -> TestResponse:
        """Send a request that was made elsewhere."""
        return self.app.test_client().open(
            f"/hooks/{self.id}",
            method=incoming.method,
            headers=dict(incoming.headers),
            query_string=dict(incoming.query),
            data=incoming.body,
        )

    def sample(self, trial: Trial, secret: str | None = None) -> Incoming:
        """Return the request that the console's test makes."""
        return SENDERS[self.type].sample(trial, secret or self.secret)


@pytest.fixture
def server(app: Flask) -> Callable[..., Server]:
    """Make a server with a hook."""

    def make(type: str, name: str = "ours", **options: Any) -> Server:
        settings = options.pop("settings", None)
        with app.app_context():
            view, secret = hooks.add(type, name, **options)
            if settings:
                hooks.configure(view.id, settings)
        return Server(app, view.id, HookType(type), secret)

    return make


@pytest.fixture
def rows(app: Flask) -> Callable[[], int]:
    """Count the messages."""

    def count() -> int:
        with app.app_context():
            return db.session.query(Message).count()

    return count

"""A receiver, an endpoint for it, and a courier that posts to it here and now."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from channels.http.pinned import Rules
from channels.signatures import webhooks as signatures
from domain.keyring import Keyring
from exts import db
from models import Event, EventDelivery
from services.process.parts import part
from services.webhooks import endpoints
from services.webhooks.courier import Courier
from services.webhooks.posting import Poster
from tests.servers.http import HttpGatewayServer


@pytest.fixture
def settings(settings: dict[str, Any]) -> dict[str, Any]:
    """Receivers of tests are on this machine."""
    return {**settings, "WEBHOOK_ALLOW_PRIVATE": True}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test wait for other processes: there are none."""
    monkeypatch.setattr(endpoints, "FRESH_SECONDS", 0)


@pytest.fixture
def receiver() -> Iterator[HttpGatewayServer]:
    """A program that takes events."""
    with HttpGatewayServer() as server:
        yield server


def courier(
    *duties: Any, resolver: Any = None, seconds: float = 15.0, allows_private: bool = True
) -> Courier:
    """Return a courier of this application."""
    rules = Rules(allows_private=allows_private, seconds=seconds)
    poster = Poster(part(Keyring), rules, resolver=resolver, jitter=lambda: 0.0)
    return Courier(db.engine, poster, duties)


def post_all(*duties: Any, **options: Any) -> None:
    """Post what is due."""
    db.session.rollback()
    courier(*duties, **options).run_until_idle()
    db.session.rollback()


def told() -> list[tuple[str, dict[str, Any]]]:
    """Return all events in the order in which they happened."""
    db.session.rollback()
    rows = db.session.scalars(select(Event).order_by(Event.at, Event.type)).all()
    return [(row.type, json.loads(row.data)) for row in rows]


def delivery() -> EventDelivery:
    """Return the one delivery."""
    db.session.rollback()
    return db.session.scalars(select(EventDelivery)).one()


def is_signed(call: Any, secret: str) -> bool:
    """Tell whether a call is signed with a secret."""
    return signatures.verify(secret, call.headers, call.body, float(call.headers["webhook-timestamp"]))

"""An application with memory gateways, called by the clients without a socket."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from flask import Flask
from services.keys import api_keys
from tests.conftest import (
    app,
    compile_once,
    doors,
    empty_tables,
    mails,
    own_clock,
    own_environment,
    settings,
    sms,
)

from sendcode import AsyncSendcode, Sendcode
from sendcode.conversation import Answer, Failure, Request
from sendcode.transports import HttpTransport

__all__ = [
    "app",
    "compile_once",
    "doors",
    "empty_tables",
    "mails",
    "own_clock",
    "own_environment",
    "settings",
    "sms",
]


class Awaited:
    """A transport to be awaited, made of one that blocks."""

    def __init__(self, transport: Any):
        self._transport = transport

    async def send(self, request: Request) -> Answer | Failure:
        return self._transport.send(request)

    async def close(self) -> None:
        self._transport.close()


@pytest.fixture
def key(app: Flask) -> str:
    """An API key with every scope that keys have by default."""
    with app.app_context():
        return api_keys.create("tests")[1]


@pytest.fixture
def transport(app: Flask) -> Iterator[HttpTransport]:
    """The way into the application."""
    with httpx.Client(transport=httpx.WSGITransport(app=app)) as http:
        yield HttpTransport(http)


@pytest.fixture
def client(transport: HttpTransport, key: str) -> Sendcode:
    """A client of the application."""
    return Sendcode("http://sendcode.test", key, transport=transport)


@pytest.fixture
def async_client(transport: HttpTransport, key: str) -> AsyncSendcode:
    """The same, to be awaited."""
    return AsyncSendcode("http://sendcode.test", key, transport=Awaited(transport))

"""Who the client is behind a proxy, however the proxy writes it."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, request

from app import create_app
from exts import db
from services.people import administrators
from tests.api.conftest import new_caller
from tests.cms.conftest import Visitor

PROXY = {"REMOTE_ADDR": "10.0.0.1"}
SPELLINGS = [
    ("203.0.113.7:51234", "203.0.113.7"),
    ("203.0.113.7", "203.0.113.7"),
    ("[2001:db8::1]:443", "2001:db8::1"),
    ('"[2001:db8::1]:443"', "2001:db8::1"),
    ("[2001:db8::1]", "2001:db8::1"),
    ("2001:DB8::1", "2001:db8::1"),
    ("fe80::1%eth0", "fe80::1"),
    ("[fe80::1%25eth0]:80", "fe80::1"),
    ("::ffff:203.0.113.7", "203.0.113.7"),
    ("198.51.100.9, 203.0.113.7:1", "203.0.113.7"),
    ("unknown", "10.0.0.1"),
    ("_hidden", "10.0.0.1"),
    ("203.0.113.7:port", "10.0.0.1"),
    ("203.0.113.7:1:2", "10.0.0.1"),
    ("[203.0.113", "10.0.0.1"),
    ("", "10.0.0.1"),
]


@pytest.fixture
def app(settings: dict[str, Any]) -> Iterator[Flask]:
    limits = {"TRUSTED_PROXIES": 1, "SIGN_IN_FAILURES_PER_IP_PER_5_MINUTES": 3}
    app = create_app({**settings, **limits})
    app.add_url_rule("/who", view_func=lambda: request.remote_addr or "")
    with app.app_context():
        db.create_all()
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.mark.parametrize(("said", "meant"), SPELLINGS)
def test_the_address_is_what_the_proxy_says_without_port_brackets_and_zone(
    app: Flask, said: str, meant: str
) -> None:
    answer = app.test_client().get("/who", headers={"X-Forwarded-For": said}, environ_base=PROXY)
    assert answer.text == meant


@pytest.mark.parametrize("said", ["203.0.113.7:51234", "[2001:db8::1]:443"])
def test_a_key_of_a_network_works_behind_a_proxy_that_tells_ports(app: Flask, said: str) -> None:
    caller = new_caller(app, networks=["203.0.113.0/24", "2001:db8::/32"])
    for told, status in ((said, 200), ("198.51.100.1:443", 403), ("unknown", 403)):
        headers = {**caller.headers, "X-Forwarded-For": told}
        answer = caller.client.get("/api/v1/messages", headers=headers, environ_base=PROXY)
        assert answer.status_code == status, told


def test_who_guesses_passwords_locks_nobody_else_out_whatever_ports_the_proxy_tells(app: Flask) -> None:
    with app.app_context():
        administrators.add("jane@example.org", "owner", "seven purple otters")

    def sign_in(told: str, email: str, password: str) -> int:
        client = app.test_client()
        client.environ_base |= {**PROXY, "HTTP_X_FORWARDED_FOR": told}
        return Visitor(client).sign_in(email, password).status_code

    guesses = [sign_in(f"198.51.100.1:{50_000 + n}", f"a{n}@example.org", "wrong") for n in range(5)]
    assert guesses == [422, 422, 422, 429, 429]
    assert sign_in("203.0.113.7:51234", "jane@example.org", "seven purple otters") == 303

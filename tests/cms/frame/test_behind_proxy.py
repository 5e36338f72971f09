"""The console behind waitress and a proxy: which address do the limits count?"""

import http.client
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.cms.conftest import token_of
from tests.live.processes import HOST, environment, free_port, start_web

pytestmark = pytest.mark.slow


@pytest.fixture
def jane() -> None:
    """Add nobody: this installation is a separate process."""


@pytest.fixture
def sign_in_from(tmp_path: Path, trusted: int) -> Iterator:
    """Sign in with a wrong password and the proxy's headers; return the log of the web process."""
    env = environment(tmp_path, broker_url=f"redis://{HOST}:1/0", TRUSTED_PROXIES=trusted)
    port = free_port()

    def sign_in(forwarded_for: str) -> str:
        connection = http.client.HTTPConnection(HOST, port, timeout=30)
        try:
            connection.request("GET", "/cms/login")
            page = connection.getresponse()
            cookie = page.headers["Set-Cookie"].split(";")[0]
            form = {
                "csrf_token": token_of(page.read().decode()),
                "email": "jane@example.org",
                "password": "wrong",
            }
            kind = "application/x-www-form-urlencoded"
            headers = {"Cookie": cookie, "Content-Type": kind, "X-Forwarded-For": forwarded_for}
            connection.request("POST", "/cms/login", urlencode(form), headers)
            answer = connection.getresponse()
            assert (answer.status, bool(answer.read())) == (422, True)
        finally:
            connection.close()
        web.wait_until_said("refused")
        return web.text()

    with start_web(env, port) as web:
        yield sign_in


@pytest.mark.parametrize("trusted", [1])
def test_a_trusted_proxy_decides_the_client_address_and_the_client_does_not(sign_in_from):
    assert "from 203.0.113.9 refused" in sign_in_from("198.51.100.7, 203.0.113.9")


@pytest.mark.parametrize("trusted", [0])
def test_without_trusted_proxies_the_peer_counts(sign_in_from):
    assert f"from {HOST} refused" in sign_in_from("203.0.113.9")

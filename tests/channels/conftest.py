"""Helpers and fixtures for the tests of gateways."""

import re
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import trustme

from channels.gateway import Gateway, Outgoing
from channels.options import Options
from domain.gateway_errors import GatewayError
from domain.statuses import Channel
from tests.servers.http import Answer, HttpGatewayServer

CODE = "493817"


class Authority:
    """A private certificate authority: server certificates, and the file that makes clients trust them."""

    def __init__(self, folder: Path):
        self._authority = trustme.CA()
        self.file = str(folder / "ca.pem")
        self._authority.cert_pem.write_to_path(self.file)

    def server_context(self, *names: str) -> ssl.SSLContext:
        """Return the TLS context of a server with this name; usually 127.0.0.1."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(*(names or ("127.0.0.1",))).configure_cert(context)
        return context


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def server() -> Iterator[HttpGatewayServer]:
    """A provider's server."""
    with HttpGatewayServer() as started:
        yield started


def options_of(name: str, table: Mapping[str, object], changes: Mapping[str, object]) -> Options:
    """Return a gateway's keys with some changed; None removes one."""
    known = {key: value for key, value in {**table, **changes}.items() if value is not None}
    return Options(known, "here", name=name)


def base(server: HttpGatewayServer) -> str:
    """Return the server's URL without a path."""
    return server.url.removesuffix("/sms")


def refusal_of(made: Gateway, server: HttpGatewayServer, answer: Answer) -> GatewayError:
    """Return the error of a send that gets this answer."""
    server.script(answer)
    with pytest.raises(GatewayError) as caught:
        made.send(sms())
    made.close()
    return caught.value


def refusals_of(made: Gateway, server: HttpGatewayServer, answers: Mapping[str, Answer]) -> dict[str, type]:
    """Return the error class for each code; the reason must end with the code."""
    found = {}
    for code, answer in answers.items():
        server.script(answer)
        with pytest.raises(GatewayError, match=f" refused: {re.escape(code)}$") as caught:
            made.send(sms())
        found[code] = type(caught.value)
    made.close()
    return found


def sms(**changes: object) -> Outgoing:
    """Make a text message."""
    usual: dict[str, object] = {
        "id": "msg-0123456789abcdef",
        "channel": Channel.SMS,
        "to": "+8613812345678",
        "text": f"您的验证码 {CODE}",
        "template": "code",
        "params": {"code": CODE, "minutes": "5"},
    }
    return Outgoing(**(usual | changes))  # type: ignore[arg-type]


def mail(**changes: object) -> Outgoing:
    """Make a mail."""
    usual: dict[str, object] = {
        "id": "msg-0123456789abcdef",
        "channel": Channel.EMAIL,
        "to": "ann@example.org",
        "text": f"Your code is {CODE}.\n",
        "subject": "Your code",
    }
    return Outgoing(**(usual | changes))  # type: ignore[arg-type]

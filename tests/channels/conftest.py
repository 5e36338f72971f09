"""What the tests of gateways share."""

import ssl
from pathlib import Path

import pytest
import trustme

from channels.gateway import Outgoing
from domain.statuses import Channel

CODE = "493817"


class Authority:
    """A private certificate authority: what a server shows, and the file that makes clients trust it."""

    def __init__(self, folder: Path):
        self._authority = trustme.CA()
        self.file = str(folder / "ca.pem")
        self._authority.cert_pem.write_to_path(self.file)

    def server_context(self, *names: str) -> ssl.SSLContext:
        """Return the context of a server that is called so; usually 127.0.0.1."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(*(names or ("127.0.0.1",))).configure_cert(context)
        return context


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


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

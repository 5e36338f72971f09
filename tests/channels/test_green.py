"""The same gateways on greenlets."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.channels.conftest import Authority
from tests.pools import GREEN
from tests.servers.http import HttpGatewayServer
from tests.servers.smtp import SmtpServer

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("kind", GREEN)
def test_twenty_greenlets_share_four_connections(kind: str, authority: Authority) -> None:
    with (
        SmtpServer(delay=0.1, starttls=authority.server_context()) as smtp,
        HttpGatewayServer(delay=0.3) as http,
    ):
        command = [
            sys.executable,
            "-m",
            "tests.channels.green",
            kind,
            str(smtp.port),
            http.url,
            authority.file,
        ]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        mails, texts, seconds = done.stdout.split()
        assert (int(mails), int(texts)) == (21, 20)
        assert float(seconds) < 8  # one after the other: more
        assert {mail.recipient for mail in smtp.mails} == {f"u{number}@x.org" for number in range(21)}
        assert smtp.connections <= 4
        assert len({call.headers["idempotency-key"] for call in http.calls}) == 20

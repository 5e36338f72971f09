"""Connecting to a provider without sending anything."""

import time

import pytest

from channels.email.mail_settings import MailSettings
from channels.email.smtp import SmtpGateway
from channels.http.http_gateway import HttpGateway
from channels.memory import MemoryGateway
from domain.gateway_errors import TemporaryGatewayError
from tests.channels.conftest import Authority
from tests.servers.http import HttpGatewayServer
from tests.servers.smtp import SmtpServer
from tests.servers.thread import closed_port

SECONDS = 2.0
SENDER = "Sendcode <no-reply@example.com>"


def refusal(gateway: HttpGateway | SmtpGateway) -> str:
    began = time.monotonic()
    with pytest.raises(TemporaryGatewayError) as refused:
        gateway.probe(SECONDS)
    assert time.monotonic() - began < SECONDS + 3
    return refused.value.reason


def test_a_mail_server_is_reached_and_sent_nothing() -> None:
    with SmtpServer() as server:
        gateway = SmtpGateway(MailSettings(server.host, server.port, default_sender=SENDER))
        assert gateway.probe(SECONDS) == f"{server.host}:{server.port}, no TLS"
        assert server.mails == []


def test_a_mail_server_without_starttls_is_reported() -> None:
    with SmtpServer() as server:
        gateway = SmtpGateway(MailSettings(server.host, server.port, use_tls=True, default_sender=SENDER))
        assert "STARTTLS" in refusal(gateway)


def test_an_untrusted_certificate_is_reported(authority: Authority) -> None:
    with SmtpServer(tls=authority.server_context()) as server:
        gateway = SmtpGateway(MailSettings(server.host, server.port, use_ssl=True, default_sender=SENDER))
        assert "certificate is not trusted" in refusal(gateway)


def test_a_closed_mail_server_is_reported() -> None:
    settings = MailSettings("127.0.0.1", closed_port(), default_sender=SENDER)
    assert "Connection refused" in refusal(SmtpGateway(settings))


def test_a_provider_is_reached_and_sent_no_request() -> None:
    with HttpGatewayServer() as server:
        gateway = HttpGateway(f"http://{server.host}:{server.port}/sms?key=secret")
        assert gateway.probe(SECONDS) == f"http://{server.host}:{server.port}"
        assert server.calls == []


def test_a_provider_with_tls_is_reached(authority: Authority) -> None:
    with HttpGatewayServer(tls=authority.server_context()) as server:
        url = f"https://{server.host}:{server.port}/sms"
        assert HttpGateway(url, ca_file=authority.file).probe(SECONDS) == url.removesuffix("/sms")
        assert "TLS" in refusal(HttpGateway(url))


def test_a_closed_provider_is_reported() -> None:
    reason = refusal(HttpGateway(f"http://127.0.0.1:{closed_port()}/sms?key=secret"))
    assert "refused" in reason
    assert "secret" not in reason


def test_a_memory_gateways_probe_raises_what_its_next_send_would() -> None:
    gateway = MemoryGateway()
    assert gateway.probe(SECONDS) == "memory"
    gateway.failures.append(TemporaryGatewayError("busy"))
    with pytest.raises(TemporaryGatewayError, match="busy"):
        gateway.probe(SECONDS)

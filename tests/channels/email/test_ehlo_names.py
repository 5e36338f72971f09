"""How we introduce ourselves to mail servers."""

import socket

import pytest

from channels.email.mail_settings import MailSettings
from channels.email.smtp import SmtpGateway
from domain.errors import ConfigurationError
from domain.gateway_errors import GatewayError
from tests.channels.conftest import mail
from tests.servers.smtp import SmtpServer


@pytest.mark.parametrize(
    ("given", "public_url", "sender", "machine", "said"),
    [
        ("mail.example.com", "https://code.example.com", "a@example.org", "web-1", "mail.example.com"),
        ("[203.0.113.7]", "https://code.example.com", "a@example.org", "web-1", "[203.0.113.7]"),
        ("[IPv6:2001:db8::1]", "", "a@example.org", "web-1", "[IPv6:2001:db8::1]"),
        ("bücher.example", "", "a@example.org", "web-1", "xn--bcher-kva.example"),
        ("relay", "", "a@example.org", "web-1", "relay"),
        ("", "https://code.example.com:8443/x", "a@example.org", "web-1.example.net", "code.example.com"),
        ("", "https://bücher.example", "a@example.org", "web-1", "xn--bcher-kva.example"),
        ("", "http://127.0.0.1:5000", "a@example.org", "web-1", "example.org"),
        ("", "http://[2001:db8::1]", "a@example.org", "web-1", "example.org"),
        ("", "http://sendcode.internal", "a@example.org", "web-1", "example.org"),
        ("", "", "Shop <a@example.org>", "3f2a9c", "example.org"),
        ("", "http://localhost", "a@localhost", "web-1.example.net", "web-1.example.net"),
        ("", "", "a@localhost", "3f2a9c", "[127.0.0.1]"),
        ("", "", "a@localhost", "a_b.example", "[127.0.0.1]"),
    ],
)
def test_the_name_is_the_one_set_or_one_that_leads_to_us(
    monkeypatch, given, public_url, sender, machine, said
):
    monkeypatch.setattr(socket, "gethostname", lambda: machine)
    with SmtpServer() as server:
        settings = {"MAIL_SERVER": server.host, "MAIL_PORT": server.port, "MAIL_DEFAULT_SENDER": sender}
        settings |= {"MAIL_EHLO_NAME": given, "PUBLIC_URL": public_url}
        gateway = SmtpGateway(MailSettings.of(settings))
        gateway.send(mail())
        gateway.close()
        assert server.commands[0][1].split() == ["ehlo", said]


@pytest.mark.parametrize(
    "name",
    ["a b", "a\r\nMAIL FROM:<x@y.org>", "[127.0.0.1", "[300.1.1.1]", "[IPv6:1.2.3.4]", "10.0.0.1", "a_b"],
)
def test_a_name_that_no_server_understands_is_refused(name):
    with pytest.raises(ConfigurationError, match="ehlo_name"):
        SmtpGateway(MailSettings("127.0.0.1", default_sender="a@example.org", ehlo_name=name))


def test_a_server_that_refuses_the_name_is_reported_so():
    with SmtpServer() as server:
        server.always("EHLO", "550 rejected")
        server.always("HELO", "550 rejected")
        gateway = SmtpGateway(MailSettings(server.host, server.port, default_sender="a@example.org"))
        with pytest.raises(GatewayError, match="EHLO with 550") as refused:
            gateway.send(mail())
    assert "greeting" not in refused.value.reason

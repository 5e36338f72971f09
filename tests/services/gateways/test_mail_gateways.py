"""Two mail servers in gateways.toml: they share the mails, and one takes over when the other fails."""

from collections import Counter

import pytest

from channels.email.mail_settings import MailSettings
from channels.making import Maker
from channels.registry import load_gateways
from domain.statuses import MessageStatus
from services.delivery.sender import Sender
from services.gateways.gateway_health import GatewayHealth
from services.gateways.routing import Router
from services.limits.rate_windows import RateWindows
from services.process.breaker import Breaker
from tests.servers.smtp import SmtpServer
from tests.servers.thread import closed_port
from tests.services.delivery.test_sender import KEYRING, NOW, claimed

TABLE = """
[[gateway]]
name = "{name}"
channel = "email"
type = "smtp"
server = "127.0.0.1"
port = {port}
sender = "{name}@shop.example"
weight = {weight}
"""
MAIL = claimed()._replace(channel="email", to="ann@example.org", country=None)


@pytest.fixture
def servers():
    with SmtpServer() as first, SmtpServer() as second:
        yield first, second


@pytest.fixture
def sender_of(tmp_path):
    """Make a sender with the gateways `first` and `second`, given as port and weight; the settings name a third."""
    loaded = []

    def make(*places):
        path = tmp_path / "gateways.toml"
        tables = zip(("first", "second"), places, strict=True)
        path.write_text("".join(TABLE.format(name=name, port=port, weight=w) for name, (port, w) in tables))
        gateways = load_gateways(
            path, {}, Maker(MailSettings("127.0.0.1", closed_port(), default_sender="a@b.example"))
        )
        loaded.append(gateways)
        breaker = Breaker()
        router = Router(gateways, GatewayHealth("", breaker), RateWindows("", breaker))
        return Sender(router, KEYRING, clock=lambda: NOW)

    yield make
    for gateways in loaded:
        gateways.close()


def test_mails_are_shared_by_weight_and_come_from_each_servers_own_sender(servers, sender_of):
    first, second = servers
    sender = sender_of((first.port, 80), (second.port, 20))
    by = Counter(sender.send(MAIL).gateway for _ in range(200))
    assert 100 < by["first"] < 200
    assert by == {"first": len(first.mails), "second": len(second.mails)}
    assert {mail.sender for mail in first.mails} == {"first@shop.example"}
    assert {mail.sender for mail in second.mails} == {"second@shop.example"}


def test_after_a_deferral_the_other_is_tried_in_the_same_try(servers, sender_of):
    first, second = servers
    first.always("RCPT", "451 4.3.0 try again later")
    sender = sender_of((first.port, 100), (second.port, 0))
    settled = [sender.send(MAIL) for _ in range(8)]
    assert {(one.status, one.gateway) for one in settled} == {(MessageStatus.SENT, "second")}
    assert (len(first.mails), len(second.mails)) == (0, 8)
    asked = sum(command.startswith("RCPT") for _, command in first.commands)
    assert asked == 5, "after five failures it is left alone"


def test_after_a_refused_connection_the_other_is_tried(servers, sender_of):
    _, second = servers
    sender = sender_of((closed_port(), 100), (second.port, 0))
    assert sender.send(MAIL).gateway == "second"
    assert len(second.mails) == 1


def test_a_mail_refused_for_good_is_not_given_to_the_other(servers, sender_of):
    first, second = servers
    first.always("RCPT", "550 5.1.1 no such user")
    sender = sender_of((first.port, 100), (second.port, 0))
    assert sender.send(MAIL).status is MessageStatus.FAILED
    assert second.mails == []

"""Mails through a gateway of type `http`."""

import email.policy
import json
from base64 import b64decode
from typing import Any

import pytest

from channels.http import http_gateway
from channels.http.http_gateway import HttpGateway
from domain.errors import ConfigurationError
from domain.gateway_errors import GatewayError
from domain.statuses import Channel
from tests.channels.conftest import CODE, mail, options_of
from tests.servers.http import HttpGatewayServer

SENDER = "Müller & Söhne <no-reply@example.com>"
UNSUBSCRIBE = "https://code.example.com/u/1"


def made(url: str, **keys: Any) -> HttpGateway:
    options = options_of("main", {"url": url, "sender": SENDER}, keys)
    options.channel = Channel.EMAIL
    gateway = http_gateway.create(options)
    options.finish()
    return gateway


def sent_now(server: HttpGatewayServer, body: dict[str, Any], **keys: Any) -> Any:
    gateway = made(server.url, body=body, **keys)
    gateway.send(mail())
    gateway.close()
    return json.loads(server.calls[-1].body)


def sent(server: HttpGatewayServer, body: dict[str, Any] | None = None, **changes: object) -> Any:
    gateway = made(server.url, **({"body": body} if body else {}))
    assert gateway.send(mail(**changes)) == "g1"
    gateway.close()
    (call,) = server.calls
    return json.loads(call.body)


def test_our_own_interface_tells_subject_and_html(server: HttpGatewayServer) -> None:
    assert sent(server, html="<p>") == {
        "to": "ann@example.org",
        "text": f"Your code is {CODE}.\n",
        "subject": "Your code",
        "html": "<p>",
        "reference": "msg-0123456789abcdef",
        "template": None,
        "params": {},
    }


def test_a_provider_gets_its_own_fields(server: HttpGatewayServer) -> None:
    body = {
        "from": "{from}",
        "name": "{from.name}",
        "address": "{from.address}",
        "subject": "{subject}",
        "html": "{html?}",
        "headers": {
            "Message-ID": "{header.Message-ID}",
            "List-Unsubscribe": "{header.List-Unsubscribe?}",
            "List-Unsubscribe-Post": "{header.List-Unsubscribe-Post?}",
            "List-Id": "{header.List-Id?}",
        },
    }
    assert sent(server, body) == {
        "from": SENDER,
        "name": "Müller & Söhne",
        "address": "no-reply@example.com",
        "subject": "Your code",
        "headers": {"Message-ID": "<msg-0123456789abcdef@example.com>"},
    }


def test_answers_go_where_the_gateway_or_the_installation_says(server: HttpGatewayServer) -> None:
    body = {
        "one": "{reply_to?}",
        "parts": {"name": "{reply_to.name?}", "address": "{reply_to.address??}"},
    }
    assert sent_now(server, body, reply_to="Söhne, Müller <help@example.com>") == {
        "one": '"Söhne, Müller" <help@example.com>',
        "parts": {"name": "Söhne, Müller", "address": "help@example.com"},
    }
    assert sent_now(server, body, reply_to="help@example.com") == {
        "one": "help@example.com",
        "parts": {"address": "help@example.com"},
    }
    assert sent_now(server, body) == {}


@pytest.mark.parametrize("key", ["sender", "reply_to"])
def test_an_address_that_is_none_stops_the_start(key: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{key}: .* is not one mail address"):
        made("http://127.0.0.1:9", **{key: "a@x.org, b@x.org"})


def test_bulk_mails_can_be_unsubscribed_from(server: HttpGatewayServer) -> None:
    body = {
        "one": "{header.List-Unsubscribe?}",
        "post": "{header.List-Unsubscribe-Post?}",
        "list": "{header.List-Id?}",
        "url": "{unsubscribe_url}",
    }
    assert sent(server, body, unsubscribe_url=UNSUBSCRIBE, is_bulk=True) == {
        "one": f"<{UNSUBSCRIBE}>",
        "post": "List-Unsubscribe=One-Click",
        "list": "<broadcasts.example.com>",
        "url": UNSUBSCRIBE,
    }


def test_the_sender_of_a_key_replaces_the_name(server: HttpGatewayServer) -> None:
    found = sent(server, {"from": "{from}", "name": "{from.name}"}, sender="Shop")
    assert found == {"from": "Shop <no-reply@example.com>", "name": "Shop"}


def test_a_name_that_means_something_in_an_address_is_quoted(server: HttpGatewayServer) -> None:
    found = sent(server, {"from": "{from}"}, sender='Shop, "the" <x@y.z>')
    assert found["from"] == r'"Shop, \"the\" <x@y.z>" <no-reply@example.com>'


def test_the_whole_mail_can_be_sent(server: HttpGatewayServer) -> None:
    found = sent(
        server, {"raw": "{mime.base64}"}, subject="码", html="<p>码</p>", unsubscribe_url=UNSUBSCRIBE
    )
    parsed = email.message_from_bytes(b64decode(found["raw"]), policy=email.policy.default)
    assert parsed["subject"] == "码"
    assert parsed["from"] == SENDER
    assert parsed["list-unsubscribe"] == f"<{UNSUBSCRIBE}>"


def test_a_name_can_not_add_a_header(server: HttpGatewayServer) -> None:
    gateway = made(server.url, body={"from": "{from}"})
    with pytest.raises(GatewayError, match="control characters"):
        gateway.send(mail(sender="Shop\r\nBcc: x@y.z"))
    assert server.calls == []


def test_a_mail_gateway_needs_a_sender() -> None:
    with pytest.raises(ConfigurationError, match="sender: is missing"):
        made("https://x.org/", sender=None)
    with pytest.raises(ConfigurationError, match="sender"):
        made("https://x.org/", sender="nobody")

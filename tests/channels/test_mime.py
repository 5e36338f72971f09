"""The headers behind a mail program's own button to unsubscribe."""

import email
import email.policy

import pytest

from channels.mime import parse_sender, render
from domain.errors import GatewayError
from tests.channels.conftest import mail

SENDER = parse_sender("Shop <no-reply@example.com>")
LONG = "https://example.com/unsubscribe/" + "Ab-_" * 100


@pytest.mark.parametrize("to", ["ann@example.org", "änn@example.org"])
def test_the_link_stands_in_its_header_as_it_is_however_long(to: str) -> None:
    content = render(mail(to=to, unsubscribe_url=LONG, html="<p>hi</p>"), SENDER).content
    head, _, _ = content.partition(b"\r\n\r\n")
    assert f"List-Unsubscribe: <{LONG}>".encode() in head.split(b"\r\n")
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in head.split(b"\r\n")
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert message["List-Unsubscribe"] == f"<{LONG}>"
    assert message["To"]
    assert message.get_body(("plain",)).get_content().strip() == "Your code is 493817."
    assert max(map(len, head.split(b"\r\n"))) <= 998  # RFC 5322 2.1.1


def test_a_mail_that_is_not_bulk_has_no_such_headers() -> None:
    assert b"List-" not in render(mail(), SENDER).content


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mailto:a@b.org",
        "https://example.com/a b",
        "https://example.com/>, <https://evil.example/",
        "https://example.com/\r\nBcc: eve@example.org",
        "https://exämple.com/",
        "https://example.com/" + "x" * 1000,
    ],
)
def test_a_link_that_would_break_the_header_is_refused(url: str) -> None:
    with pytest.raises(GatewayError, match="unsubscribe link"):
        render(mail(unsubscribe_url=url), SENDER)

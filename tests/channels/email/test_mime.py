"""Whatever the text, the standard library must read back what we wrote."""

import email
import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from channels.email.mail_headers import configured_sender, parse_sender
from channels.email.mime import render
from domain.errors import ConfigurationError
from domain.gateway_errors import GatewayError
from tests.channels.conftest import mail

SENDER = parse_sender("Shop <no-reply@example.com>")
LONG = "https://example.com/unsubscribe/" + "Ab-_" * 100
ODD_PIECES = [
    *["\r", "\n", "\r\n", ".", "..", " ", "\t", "\0", "\x1b", "\x7f", "\x85", "\u2028", "\ufeff"],
    *["=", "=_", "=?", "?=", "=?utf-8?q?a?=", "--=_alternative", "--=_alternative--", "From ", "\\", '"'],
    *["x" * 200, "y" * 1100, "word " * 30, "ä", "ä" * 80, "验证码", "码" * 300, "😀", "👩\u200d💻"],
]
TEXTS = st.text(max_size=60) | st.lists(st.sampled_from(ODD_PIECES) | st.text(max_size=9)).map("".join)
ADDRESSES = ["ann@example.org", "ann.o'x+tag=1@sub.example.org", "ann@bücher.example", "änn@example.org"]


def parsed(content: bytes) -> EmailMessage:
    return cast(EmailMessage, email.message_from_bytes(content, policy=email.policy.default))


def is_one_line(text: str) -> bool:
    return not re.search("[\0-\x1f\x7f-\x9f\u2028\u2029]", text)


def one_newline(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return lines if lines.endswith("\n") else lines + "\n"


def read(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@pytest.mark.slow
@given(subject=TEXTS.filter(is_one_line), text=TEXTS, html=st.none() | TEXTS, to=st.sampled_from(ADDRESSES))
@example(subject="", text="", html=None, to="ann@example.org")
@example(subject=" a ", text=".\r\r\n.\n..", html="--=_alternative--\r\nFrom x\r", to="ann@example.org")
@example(subject="word " * 300 + "end", text="y" * 999, html="y" * 998, to="änn@example.org")
@example(subject="a  b " * 50 + "c", text="line \n" * 9, html="\t\n \n", to="ann@example.org")
@example(subject="码" * 300, text="码\n" * 300, html="ä\0" * 9 + "x" * 999, to="ann@bücher.example")
def test_every_text_is_read_back_unchanged(subject: str, text: str, html: str | None, to: str) -> None:
    content = render(mail(subject=subject, text=text, html=html, to=to), SENDER).content
    message = parsed(content)
    assert message.defects == []
    assert message["Subject"] == subject
    assert message["From"] == "Shop <no-reply@example.com>"
    assert message["To"] == to.replace("bücher", "xn--bcher-kva")
    assert read(message, "plain") == one_newline(text)
    assert message.get_content_type() == ("multipart/alternative" if html else "text/plain")
    if html:
        assert read(message, "html") == one_newline(html)
        assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


@given(subject=TEXTS.filter(is_one_line), text=TEXTS, html=st.none() | TEXTS)
@example(subject="x" * 2000, text="y" * 999, html="y" * 998)
def test_every_mail_is_valid_on_the_wire(subject: str, text: str, html: str | None) -> None:
    content = render(mail(subject=subject, text=text, html=html), SENDER).content
    assert content.isascii()
    assert b"\0" not in content
    assert content.endswith(b"\r\n")
    lines = content.split(b"\r\n")
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert max(map(len, lines)) <= 998  # RFC 5322 2.1.1
    head = content.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert max(map(len, head)) <= 78
    assert all(line.strip() for line in head)


@given(TEXTS.filter(is_one_line), st.sampled_from(["\r\n", "\r", "\n", "\0", "\x85", "\u2028"]))
def test_no_subject_adds_a_header(subject: str, control: str) -> None:
    message = parsed(render(mail(subject=f"{subject} Bcc: eve@example.org"), SENDER).content)
    assert message.keys() == [
        *["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"],
        *["Content-Type", "Content-Transfer-Encoding"],
    ]
    with pytest.raises(GatewayError, match="control characters in the subject"):
        render(mail(subject=f"{subject}{control}Bcc: eve@example.org"), SENDER)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Your code is 493817.", "7bit"),
        ("one line of " + "a" * 998, "quoted-printable"),
        ("Dein Schlüssel lautet 493817.", "quoted-printable"),
        ("您的验证码", "base64"),
    ],
)
def test_a_text_is_encoded_only_as_far_as_necessary(text: str, encoding: str) -> None:
    assert parsed(render(mail(text=text), SENDER).content)["Content-Transfer-Encoding"] == encoding


@pytest.mark.parametrize(
    ("sender", "name"),
    [
        ("a@example.com", ""),
        ("Some Name <a@example.com>", "Some Name"),
        ('"Doe, John" <a@example.com>', "Doe, John"),
        ('back\\slash" Jo <a@example.com>', 'back\\slash" Jo'),
        ("=?utf-8?q?a?= <a@example.com>", "=?utf-8?q?a?="),
        ("Ö <a@example.com>", "Ö"),
        ("änn <änn@bücher.example>", "änn"),
        ("验证码服务" * 9 + " <a@example.com>", "验证码服务" * 9),
        ("long name " * 20 + "<a@example.com>", "long name " * 19 + "long name"),
        ("n" * 60 + " <" + "a" * 60 + "@example.com>", "n" * 60),
    ],
)
def test_the_sender_is_read_as_it_was_set(sender: str, name: str) -> None:
    written = parse_sender(sender)
    lines = written.header.decode().split("\r\n")
    assert all(len(line) <= 78 for line in lines)
    phrase = "".join(lines).removeprefix("From: ").rpartition("<")[0]
    told = parseaddr(f"{make_header(decode_header(phrase))} <a@x.org>")[0]
    assert told == name
    message = email.message_from_string(render(mail(), written).content.decode(), policy=email.policy.default)
    (address,) = message["From"].addresses
    assert address.addr_spec == written.address
    assert ("=?" in phrase) == (not name.isascii() or len(name) > 68 or "=?" in name)


def test_the_date_is_now_and_the_message_id_is_ours() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    message = parsed(render(mail(id="Ab-_9"), SENDER).content)
    assert before <= message["Date"].datetime <= datetime.now(UTC)
    assert message["Message-ID"] == "<Ab-_9@example.com>"


@pytest.mark.parametrize("message_id", ["", "a b", "a>", "<a", "a@b", "ä", "a" * 256])
def test_a_message_id_that_would_break_its_header_is_refused(message_id: str) -> None:
    with pytest.raises(GatewayError, match="message id"):
        render(mail(id=message_id), SENDER)


@pytest.mark.parametrize("field", ["text", "html"])
def test_a_lone_surrogate_is_refused(field: str) -> None:
    with pytest.raises(GatewayError, match="encoded"):
        render(mail(**{field: "a\ud800"}), SENDER)


@pytest.mark.parametrize("to", ["ann@example.org", "änn@example.org"])
def test_the_link_is_in_its_header_unfolded_however_long(to: str) -> None:
    content = render(mail(to=to, unsubscribe_url=LONG, html="<p>hi</p>"), SENDER).content
    head, _, _ = content.partition(b"\r\n\r\n")
    assert f"List-Unsubscribe: <{LONG}>".encode() in head.split(b"\r\n")
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in head.split(b"\r\n")
    message = parsed(content)
    assert message["List-Unsubscribe"] == f"<{LONG}>"
    assert message["To"]
    assert read(message, "plain").strip() == "Your code is 493817."
    assert max(map(len, head.split(b"\r\n"))) <= 998  # RFC 5322 2.1.1


def test_a_mail_that_is_not_bulk_has_no_unsubscribe_headers() -> None:
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


def test_bulk_mail_names_its_list_also_where_there_is_no_link() -> None:
    bulk = parsed(render(mail(is_bulk=True), SENDER).content)
    assert bulk["List-Id"] == "<broadcasts.example.com>"
    assert bulk["List-Unsubscribe"] is None


def test_bounces_come_to_an_envelope_sender_of_their_own_and_from_stays() -> None:
    sender = replace(SENDER, bounce_address="bounces@mail.example.com")
    made = render(mail(bounce_token=lambda: "1abc", sender="Other shop"), sender)
    assert made.sender == "bounces+1abc@mail.example.com"
    assert parsed(made.content)["From"] == "Other shop <no-reply@example.com>"
    assert (
        render(mail(), sender).sender
        == render(mail(bounce_token=lambda: "1abc"), SENDER).sender
        == "no-reply@example.com"
    )


@pytest.mark.parametrize(
    "mailbox", ["help@example.com", "Grüße & Hilfe <help@example.com>", f"{'x' * 68} <a@b.org>"]
)
def test_answers_go_to_an_address_of_their_own(mailbox: str) -> None:
    content = render(mail(), configured_sender("no-reply@example.com", mailbox)).content
    assert parsed(content)["Reply-To"] == mailbox
    assert parsed(content).defects == []
    assert max(map(len, content.split(b"\r\n\r\n")[0].split(b"\r\n"))) <= 78
    assert b"Reply-To" not in render(mail(), SENDER).content


@pytest.mark.parametrize("mailbox", ["a@x.org\r\nBcc: b@x.org", "no address", "a@x.org, b@x.org"])
def test_what_is_no_address_for_answers_is_refused(mailbox: str) -> None:
    with pytest.raises(ConfigurationError, match=r"reply_to: .*address for answers"):
        configured_sender("no-reply@example.com", mailbox)

"""Headers of a mail as bytes (RFC 5322, RFC 2047), and checks for what is not allowed in one."""

import re
from binascii import b2a_base64
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import idna

from domain import bounce_addresses
from domain.characters import has_control_characters
from domain.errors import ConfigurationError
from domain.gateway_errors import GatewayError

LOCAL_PART = re.compile(r'[^\s<>()\[\]\\,;:"@]{1,64}')
DOMAIN = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?")
NAMED = re.compile(r'\s*"?(?P<name>.*?)"?\s*<(?P<address>[^<>]*)>\s*')

ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
QUOTED = re.compile(r'[\\"]')

LINE = 78
"""Longest line of a header that can be folded (RFC 5322 2.1.1)."""

FOLD_AT = 68
"""Longest piece of a subject or name on one line, next to `Subject: `."""

WORD_BYTES = 39
"""Bytes of text in one encoded word: its line, with `Subject: `, has at most 76 characters (RFC 2047 2)."""


@dataclass(frozen=True, slots=True)
class Sender:
    """The sender of our mails: the bare address, and the whole `From` header, which is the same in every mail."""

    address: str
    domain: str
    header: bytes
    name: str = ""
    bounce_address: str = ""
    """Where bounces come to; empty: to `address`."""
    reply_to: bytes = b""
    """The whole `Reply-To` header, empty where there is none."""
    answers_to: tuple[str, str] = ("", "")
    """Name and address of `reply_to`."""

    def named(self, name: str) -> "Sender":
        """Return the same address under another name. Raises GatewayError for control characters."""
        named = _sender(one_line("sender", name), self.address)
        return replace(self, header=named.header, name=named.name)

    def envelope(self, bounce_token: Callable[[], str | None]) -> str:
        """Return the address in MAIL FROM of the mail whose token that makes."""
        token = bounce_token() if self.bounce_address else None
        return self.address if token is None else bounce_addresses.with_token(self.bounce_address, token)


def parse_sender(sender: str) -> Sender:
    """Read `a@x.org` or `Some Name <a@x.org>`. Raises GatewayError where it is neither."""
    return _sender(*_mailbox("sender", sender))


def configured_sender(sender: str, reply_to: str = "") -> Sender:
    """Return the sender of a gateway, as its keys say. Raises ConfigurationError, which names the key.

    `reply_to`: where answers go, read as the sender is; empty: to the sender.
    """
    try:
        made = parse_sender(sender)
    except GatewayError as error:
        raise ConfigurationError(f"sender: {error.reason}") from None
    if not reply_to:
        return made
    try:
        name, address = _mailbox("address for answers", reply_to)
    except GatewayError as error:
        raise ConfigurationError(f"reply_to: {error.reason}") from None
    return replace(made, reply_to=_header(b"Reply-To", name, address), answers_to=(name, address))


@lru_cache(64)
def _sender(name: str, address: str) -> Sender:
    return Sender(address, address.rpartition("@")[2], _header(b"From", name, address), name)


def _mailbox(what: str, text: str) -> tuple[str, str]:
    """Return name and address of `Some Name <a@x.org>`."""
    named = NAMED.fullmatch(one_line(what, text))
    name, given = (named["name"], named["address"]) if named else ("", text.strip())
    return name, one_address(what, given)


def _header(field: bytes, name: str, address: str) -> bytes:
    mailbox = b"%s <%s>" % (_phrase(name), address.encode()) if name else address.encode()
    header = b"%s: %s" % (field, mailbox)
    if len(header.rpartition(b"\n")[2]) > LINE:
        header = header.replace(b" <", b"\r\n <")
    return header + b"\r\n"


def subject(text: str) -> bytes:
    """Return the `Subject` header. Raises GatewayError for control characters."""
    one_line("subject", text)
    if text.isascii() and "=?" not in text and text.strip() == text:
        if len(text) <= FOLD_AT:
            return b"Subject: %s\r\n" % text.encode()
        if folded := _folded(text):
            return b"Subject: %s\r\n" % folded.encode()
    return b"Subject: %s\r\n" % b"\r\n ".join(_encoded_words(text))


def one_line(what: str, value: str) -> str:
    """Return `value` unchanged. Raises GatewayError if it contains control characters or any kind of line end."""
    if has_control_characters(value):
        raise GatewayError(f"control characters in the {what}")
    return value


def one_address(what: str, address: str) -> str:
    """Return the address with an ASCII domain. Its errors never contain the address, because errors are logged."""
    local, _, domain = one_line(what, address).rpartition("@")
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode()
        except idna.IDNAError:
            raise GatewayError(f"the {what}'s domain is not valid") from None
    if not LOCAL_PART.fullmatch(local) or not DOMAIN.fullmatch(domain):
        raise GatewayError(f"the {what} is not one mail address")
    return f"{local}@{domain}"


def _phrase(name: str) -> bytes:
    """Return a display name: as it is, in quotes, or encoded."""
    if not name.isascii() or "=?" in name or len(name) > FOLD_AT:
        return b"\r\n ".join(_encoded_words(name))
    if ATOMS.fullmatch(name):
        return name.encode()
    return b'"%s"' % QUOTED.sub(r"\\\g<0>", name).encode()


def _folded(text: str) -> str:
    """Fold plain text at its spaces; "" where a word is too long for a line, or spaces might fill one."""
    lines = []
    while len(text) > FOLD_AT:
        space = text.rfind(" ", 1, FOLD_AT)
        if space < 0 or "  " in text:
            return ""
        lines.append(text[:space])
        text = text[space:]  # the next line begins with the space itself, so unfolding gives the text again
    return "\r\n".join([*lines, text])


def _encoded_words(text: str) -> list[bytes]:
    """Return `text` as encoded words; none of them splits a character (RFC 2047 5)."""
    data, words = text.encode(), []
    while data:
        end = min(WORD_BYTES, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        words.append(b"=?utf-8?b?%s?=" % b2a_base64(data[:end], newline=False))
        data = data[end:]
    return words

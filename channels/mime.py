"""A message as the bytes of one mail, with everything refused that could add a header or a recipient."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage

import idna

from channels.gateway import Outgoing
from domain.errors import GatewayError

# Bodies are 7-bit (quoted-printable or base64): not every server speaks 8BITMIME, and lines stay short.
ASCII_MAIL = policy.SMTP.clone(cte_type="7bit")
INTERNATIONAL_MAIL = ASCII_MAIL.clone(utf8=True)

LOCAL_PART = re.compile(r'[^\s<>()\[\]\\,;:"@]{1,64}')
DOMAIN = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?")
LINK = re.compile(r"https?://[\x21-\x3b\x3d\x3f-\x7e]{1,900}")  # one line of a header, without < and >
NAMED = re.compile(r'\s*"?(?P<name>.*?)"?\s*<(?P<address>[^<>]*)>\s*')


@dataclass(frozen=True, slots=True)
class Mail:
    """What goes over the wire: the envelope and the content with CRLF line ends."""

    sender: str
    recipient: str
    content: bytes
    international: bool
    """An address has a non-ASCII local part, so the server must speak SMTPUTF8 (RFC 6531)."""


def parse_sender(sender: str) -> Address:
    """Read `a@x.org` or `Some Name <a@x.org>`. Raises GatewayError where it is neither."""
    named = NAMED.fullmatch(one_line("sender", sender))
    name, address = (named["name"], named["address"]) if named else ("", sender.strip())
    local, domain = _split("sender", address)
    return Address(name, local, domain)


def render(outgoing: Outgoing, sender: Address) -> Mail:
    """Build the mail.

    Raises GatewayError for control characters in a header, or where `to` is not one address.
    """
    local, domain = _split("recipient", outgoing.to)
    recipient = Address("", local, domain)
    international = not (local.isascii() and sender.username.isascii())
    message = EmailMessage(INTERNATIONAL_MAIL if international else ASCII_MAIL)
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = one_line("subject", outgoing.subject or "")
    message["Date"] = datetime.now(UTC)
    message["Message-ID"] = f"<{one_line('message id', outgoing.id)}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: keeps holiday answers away
    try:
        message.set_content(outgoing.text)
        if outgoing.html:
            message.add_alternative(outgoing.html, subtype="html")
        content = _list_headers(outgoing) + message.as_bytes()
    except UnicodeError:
        raise GatewayError("the text can't be encoded") from None
    return Mail(sender.addr_spec, recipient.addr_spec, content, international)


def _list_headers(outgoing: Outgoing) -> bytes:
    """Return the headers behind a mail program's own button to unsubscribe (RFC 2369 3.2, RFC 8058 3.1).

    They are written here because `email` would encode a link that is longer than a line, and nobody reads it then.
    Raises GatewayError where the link would break the header.
    """
    if outgoing.unsubscribe_url is None:
        return b""
    if not LINK.fullmatch(outgoing.unsubscribe_url):
        raise GatewayError("the unsubscribe link can't stand in a header")
    return (
        f"List-Unsubscribe: <{outgoing.unsubscribe_url}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    ).encode()


def one_line(what: str, value: str) -> str:
    """Return `value` if it holds no control characters and no line ends of any kind. Raises GatewayError."""
    # Cc: C0 and C1 with CR, LF, NUL; Zl and Zp: U+2028 and U+2029; Cs: half characters that can't be encoded.
    if any(unicodedata.category(character) in {"Cc", "Zl", "Zp", "Cs"} for character in value):
        raise GatewayError(f"control characters in the {what}")
    return value


def _split(what: str, address: str) -> tuple[str, str]:
    """Return local part and ASCII domain. The error never repeats the address: errors are logged."""
    local, _, domain = one_line(what, address).rpartition("@")
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode()
        except idna.IDNAError:
            raise GatewayError(f"the {what}'s domain is not valid") from None
    if not LOCAL_PART.fullmatch(local) or not DOMAIN.fullmatch(domain):
        raise GatewayError(f"the {what} is not one mail address")
    return local, domain

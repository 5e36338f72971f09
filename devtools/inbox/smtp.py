"""The SMTP server: accepts any mail for any recipient."""

import logging
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser

from aiosmtpd.smtp import SMTP, Envelope, Session

from devtools.inbox.store import Inbox

logger = logging.getLogger(__name__)


class MailDoor:
    """Put each received mail into the inbox, once for every recipient."""

    def __init__(self, inbox: Inbox):
        self._inbox = inbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        """Answer the end of DATA."""
        mail = message_from_bytes(envelope.content or b"", policy=policy.default)
        reference = header(mail, "Message-ID").strip("<>")
        for recipient in envelope.rcpt_tos:
            arrived = self._inbox.add(
                channel="email",
                to=recipient,
                sender=header(mail, "From") or envelope.mail_from or "",
                subject=header(mail, "Subject"),
                text=readable_text(mail),
                html=html_of(mail),
                source=(envelope.content or b"").decode("utf-8", "replace"),
                reference=reference,
                key=f"email {reference} {recipient}" if reference else None,
                now=datetime.now(UTC),
            )
            logger.info("mail %s arrived, copy %s", arrived.n, arrived.copies)
        return "250 OK"


def smtp_server(inbox: Inbox) -> SMTP:
    """Make the protocol for one connection; the fixed host name avoids a slow lookup of our own."""
    return SMTP(MailDoor(inbox), enable_SMTPUTF8=True, hostname="localhost", ident="Sendcode inbox")


def header(mail: EmailMessage, name: str) -> str:
    """Return a decoded header, empty where it is missing or can't be read."""
    try:
        return str(mail.get(name, ""))
    except (ValueError, IndexError, AttributeError):  # the parser's own errors on broken headers
        return ""


def readable_text(mail: EmailMessage) -> str:
    """Return the plain text of a mail, or the words of its HTML where there is no plain part."""
    part = mail.get_body(("plain", "html"))
    if part is None:
        return ""
    text = _content(part)
    if part.get_content_subtype() == "html":
        words = _Words()
        words.feed(text)
        text = words.text()
    return text.replace("\r\n", "\n").strip("\n")


def html_of(mail: EmailMessage) -> str:
    """Return the HTML of a mail, empty where it has none."""
    part = mail.get_body(("html",))
    return _content(part) if part is not None else ""


def _content(part: EmailMessage) -> str:
    try:
        return str(part.get_content())
    except (LookupError, ValueError):  # an unknown charset or encoding
        return (part.get_payload(decode=True) or b"").decode("utf-8", "replace")


class _Words(HTMLParser):
    """The visible words of an HTML page."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("style", "script", "title")
        if tag in ("p", "br", "div", "tr", "li", "h1", "h2", "h3"):
            self._parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "script", "title")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._parts.append(data)

    def text(self) -> str:
        lines = (" ".join(line.split()) for line in "".join(self._parts).splitlines())
        return "\n".join(line for line in lines if line)

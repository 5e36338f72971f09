"""What a mail that came to us says: a delivery status notification (RFC 3464) or a complaint (RFC 5965), or nothing.

Anybody can send us anything, so the bytes are bounded, every defect is tolerated, and only headers of known form are
believed. Whose mail a report is about is decided by the caller, from the addresses and ids returned here.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes, message_from_string
from email.message import Message
from email.utils import getaddresses

from domain.mail_outcomes import MailOutcome, of_report, status_code

MOST_BYTES = 128 * 1024
"""Of one mail; the report comes before the mail that it returns."""
MOST_FOUND = 20
"""Addresses, and ids, of one mail."""
ADDRESS_LENGTH = 320
VALUE_LENGTH = 1000
MOST_BOUNDARIES = 20
"""Multipart headers in one mail: parts in parts cost the email package their depth for each line."""
DELIVERY = ("message/delivery-status", "message/global-delivery-status")  # the second: RFC 6533
COMPLAINT = "message/feedback-report"
RETURNED = ("message/rfc822", "message/global", "message/global-headers")
_BOUNDARY = re.compile(rb"boundary[\s*0-9]{0,9}=", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<([0-9a-f]{32})@[^<>@\s]{1,255}>", re.IGNORECASE)
_ENVELOPE = ("X-Original-To", "Delivered-To", "Envelope-To", "To")
_WORST_FIRST = (MailOutcome.HARD_BOUNCE, MailOutcome.SOFT_BOUNCE, MailOutcome.DELIVERED)


@dataclass(frozen=True, slots=True)
class Report:
    """One report about one of our mails, still to be found by its bounce address or, where it has none, by its id."""

    outcome: MailOutcome
    reason: str | None
    """In our own words, because a server's may hold the address or the code."""
    addresses: tuple[str, ...] = field(repr=False)
    message_ids: tuple[str, ...]


def read(content: bytes, recipients: Sequence[str] = ()) -> Report | None:
    """Return the report in a mail; None for a mail of another kind, or a report that changes nothing.

    `recipients`: the addresses that the mail came to, where the server tells them.
    """
    content = content[:MOST_BYTES]
    if len(_BOUNDARY.findall(content)) > MOST_BOUNDARIES:
        return None
    try:
        mail = message_from_bytes(content)
        parts = _parts(mail)
        judged = _judged(mail, parts)
        if judged is None:
            return None
        returned = list(_returned(parts))
        ids = [_MESSAGE_ID.search(text) for text in _values(returned, "Message-ID")]
        addresses = _addresses(recipients, mail, parts, returned)
    except (RecursionError, LookupError, ValueError, TypeError, AttributeError):
        return None  # what the email package raises for nonsense
    return Report(*judged, addresses, tuple(found[1].lower() for found in ids if found))


def _parts(whole: Message) -> list[Message]:
    """Return the parts of a mail, without theirs; of a part `message/…`, what the email package has found in it."""
    inner = whole.get_payload()
    return [part for part in inner if isinstance(part, Message)] if isinstance(inner, list) else []


def _judged(mail: Message, parts: Sequence[Message]) -> tuple[MailOutcome, str | None] | None:
    """Return outcome and reason; None for a mail without a report, such as an automatic answer (RFC 3834)."""
    if mail.get_content_type() != "multipart/report":
        return None
    for part in parts:
        kind = part.get_content_type()
        if kind in DELIVERY:
            return _delivery(_fields(parts, kind))
        if kind == COMPLAINT:
            return _complaint(_fields(parts, kind))
    return None


def _delivery(groups: Iterable[Message]) -> tuple[MailOutcome, str | None] | None:
    """Judge a delivery report: our mails have one recipient, and where a list made more of it, the worst counts."""
    codes: dict[MailOutcome, str] = {}
    for group in groups:
        code = status_code(_text(group, "Status"), _text(group, "Diagnostic-Code"))
        outcome = of_report(_text(group, "Action").strip().lower(), code)
        if outcome is not None:
            codes.setdefault(outcome, code)
    worst = next((outcome for outcome in _WORST_FIRST if outcome in codes), None)
    if worst is None:
        return None
    return worst, None if worst is MailOutcome.DELIVERED else f"bounced: {codes[worst] or 'no code'}"


def _complaint(groups: Iterable[Message]) -> tuple[MailOutcome, str | None] | None:
    """Judge a feedback report: `not-spam` and reports about signatures (RFC 6591) are no complaints."""
    kinds = {_text(group, "Feedback-Type").strip().lower() for group in groups}
    return (MailOutcome.COMPLAINT, None) if "abuse" in kinds else None


def _fields(parts: Iterable[Message], kind: str) -> Iterator[Message]:
    """Return the groups of fields in the machine-readable part; the email package knows those of one type only."""
    for part in parts:
        for group in _parts(part) if part.get_content_type() == kind else ():
            yield group
            if isinstance(rest := group.get_payload(), str) and rest.strip():
                yield from map(message_from_string, rest.strip().split("\n\n"))


def _returned(parts: Iterable[Message]) -> Iterator[Message]:
    """Return the headers of the mail that came back: with the whole mail, or alone (RFC 6522 4)."""
    for part in parts:
        if part.get_content_type() in RETURNED:
            yield from _parts(part)
        elif part.get_content_type() == "text/rfc822-headers":
            data = part.get_payload(decode=True)
            yield message_from_bytes(data if isinstance(data, bytes) else b"")


def _addresses(
    recipients: Sequence[str], mail: Message, parts: Sequence[Message], returned: Sequence[Message]
) -> tuple[str, ...]:
    """Return the addresses that may be one of our bounce addresses, those that a server vouches for first."""
    named = [
        *(value for name in _ENVELOPE for value in _values([mail], name)),
        *_values(_fields(parts, COMPLAINT), "Original-Mail-From"),
        *_values(returned, "Return-Path"),
    ]
    # one by one: of several, the package returns none where it distrusts one
    found = [*recipients, *(address for value in named for _, address in getaddresses([value]))]
    return tuple(dict.fromkeys(one for one in found if 0 < len(one) <= ADDRESS_LENGTH))[:MOST_FOUND]


def _values(messages: Iterable[Message], name: str) -> list[str]:
    return [str(value)[:VALUE_LENGTH] for one in messages for value in one.get_all(name, [])][:MOST_FOUND]


def _text(group: Message, name: str) -> str:
    return str(group.get(name, ""))[:VALUE_LENGTH]

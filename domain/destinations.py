"""Where a message goes: one canonical form for each e-mail address and phone number, however it was typed."""

from dataclasses import dataclass, field

from email_validator import EmailNotValidError, validate_email

from domain import phone_numbers
from domain.characters import half_width, has_unseen_characters, trimmed, without_unseen
from domain.errors import InvalidDestination
from domain.phone_numbers import Numbers as Numbers
from domain.statuses import Channel

MAX_LENGTH = 320
LONGEST_LOCAL_PART = 64
"""Octets (RFC 5321, 4.5.3.1.1)."""
_JOINERS = ("\u200c", "\u200d")
_GMAIL = ("gmail.com", "googlemail.com")


@dataclass(frozen=True, slots=True)
class Destination:
    """One place a message can go to.

    `to` goes to the gateway; `canonical` is equal for two spellings of one place; `limit_key` is equal for places that
    certainly belong to one person (`+tag` cut, Gmail's dots left out), and is used for counting only.
    """

    channel: Channel
    to: str = field(repr=False)
    canonical: str = field(repr=False)
    limit_key: str = field(repr=False)
    country: str | None = None
    prefix: str | None = field(default=None, repr=False)


def parse(
    channel: Channel,
    text: str,
    *,
    region: str,
    numbers: Numbers = Numbers.VALID,
    takes_smtputf8: bool = False,
) -> Destination:
    """Return the destination that `text` means; raises InvalidDestination where it is none, or could be two.

    `region` is the home region of numbers without `+`; `takes_smtputf8` tells whether a mail gateway takes an address
    whose part before the @ is not ASCII (RFC 6531).
    """
    ours = trimmed(text) if len(text) <= 2 * MAX_LENGTH else ""
    bare = without_unseen(ours)
    if not bare or len(bare) > MAX_LENGTH:
        raise InvalidDestination(f"must have 1 to {MAX_LENGTH} characters")
    if has_unseen_characters(bare):
        raise InvalidDestination("must not contain control characters")
    if channel is Channel.SMS:
        return _phone(bare, region, numbers)
    if not bare.isascii() and any(joiner in ours for joiner in _JOINERS):
        # in some scripts a joiner is part of a domain's name (RFC 5892, A.1), so leaving it out gives another domain
        raise InvalidDestination("must not contain invisible characters")
    return _email(half_width(bare), takes_smtputf8)


def channel_of(text: str) -> Channel:
    """Return the channel that a typed destination belongs to."""
    return Channel.EMAIL if "@" in text or "＠" in text else Channel.SMS


def _email(text: str, takes_smtputf8: bool) -> Destination:
    if text[:7].lower() == "mailto:":
        text = text[7:].lstrip()
    try:
        address = validate_email(
            text,
            check_deliverability=False,
            allow_smtputf8=True,
            allow_quoted_local=False,
            test_environment=True,
        )
    except EmailNotValidError as error:
        raise InvalidDestination("is not one e-mail address") from error
    domain = (address.ascii_domain or "").lower()
    local = address.local_part
    if len(local.encode()) > LONGEST_LOCAL_PART:
        raise InvalidDestination(f"has more than {LONGEST_LOCAL_PART} octets before the @")
    if not local.isascii() and not takes_smtputf8:
        raise InvalidDestination("has letters before the @ that no mail gateway takes (SMTPUTF8)")
    to = f"{local}@{domain}"
    return Destination(Channel.EMAIL, to, canonical(to), _limit_key(local.lower(), domain))


def _limit_key(local: str, domain: str) -> str:
    plain = local.split("+", 1)[0] or local
    if domain not in _GMAIL:
        return f"{plain}@{domain}"
    # Gmail ignores dots, and both domains are one: https://support.google.com/mail/answer/7436150
    return f"{plain.replace('.', '') or plain}@{_GMAIL[0]}"


def canonical(to: str) -> str:
    """Return the canonical form of a destination that `parse` has understood, from its `to`."""
    return to.lower()


def _phone(text: str, region: str, numbers: Numbers) -> Destination:
    number = phone_numbers.understand(text, region=region, numbers=numbers)
    e164 = phone_numbers.e164(number)
    return Destination(Channel.SMS, e164, e164, e164, phone_numbers.country_of(number), e164[:-4])


def readable(destination: Destination) -> str:
    """Return a destination as people check it before they send: a number in groups, with its country."""
    if destination.channel is Channel.EMAIL:
        return destination.to
    return phone_numbers.readable(destination.to, destination.country)


def mask(to: str) -> str:
    """Return `to` fit for a log or a page: `a***@x.org`, `+86138****8000`."""
    if "@" in to:
        local, _, domain = to.partition("@")
        return f"{local[:1]}***@{domain}"
    if len(to) < 8:
        return "***"
    return f"{to[:-8]}****{to[-4:]}"

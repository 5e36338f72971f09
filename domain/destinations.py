"""Where a message goes: one canonical form for each e-mail address and phone number, however it was typed."""

import re
import unicodedata
from dataclasses import dataclass, field

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from domain.characters import has_unseen_characters
from domain.errors import InvalidDestination
from domain.statuses import Channel

_PHONE = re.compile(r"[ (]*\+?[0-9 ().\-]+")
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—−"), "-")  # what phones and office programs put for a hyphen
MAX_LENGTH = 320


@dataclass(frozen=True, slots=True)
class Destination:
    """One place a message can go to.

    `to` goes to the gateway; `canonical` is equal for two spellings of one place; `limit_key` is equal for places that
    certainly belong to one person (`+tag` cut), and is used for counting only.
    """

    channel: Channel
    to: str = field(repr=False)
    canonical: str = field(repr=False)
    limit_key: str = field(repr=False)
    country: str | None = None
    prefix: str | None = field(default=None, repr=False)


def parse(channel: Channel, text: str, *, region: str) -> Destination:
    """Return the destination that `text` means; raises InvalidDestination where it is none, or could be two."""
    trimmed = text.strip()
    if not trimmed or len(trimmed) > MAX_LENGTH:
        raise InvalidDestination(f"must have 1 to {MAX_LENGTH} characters")
    if has_unseen_characters(trimmed):
        raise InvalidDestination("must not contain control characters")
    return _email(trimmed) if channel is Channel.EMAIL else _phone(trimmed, region)


def _email(text: str) -> Destination:
    try:
        address = validate_email(
            text,
            check_deliverability=False,
            allow_smtputf8=False,
            allow_quoted_local=False,
            test_environment=True,
        )
    except EmailNotValidError as error:
        raise InvalidDestination("is not one e-mail address") from error
    domain = address.ascii_domain.lower()
    local = address.local_part
    to = f"{local}@{domain}"
    plain = local.lower().split("+", 1)[0] or local.lower()
    return Destination(Channel.EMAIL, to, canonical(to), f"{plain}@{domain}")


def canonical(to: str) -> str:
    """Return the canonical form of a destination that `parse` has understood, from its `to`."""
    return to.lower()


def _phone(text: str, region: str) -> Destination:
    plain = text if text.isascii() else "".join(_plain(character) for character in text)
    digits = plain.translate(_DASHES)
    if not _PHONE.fullmatch(digits):
        raise InvalidDestination("is not one phone number")
    bare = re.sub(r"[^0-9+]", "", digits)
    if bare.startswith("00"):
        bare = "+" + bare[2:]
    try:
        number = phonenumbers.parse(bare, region)
    except phonenumbers.NumberParseException as error:
        raise InvalidDestination("is not one phone number") from error
    # is_possible_number() also accepts local numbers, which belong to nobody without an area code
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise InvalidDestination("is not a possible phone number")
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Destination(Channel.SMS, e164, e164, e164, _country(number), e164[:-4])


def _plain(character: str) -> str:
    """Return the ASCII form of a digit, a space or a sign of any script; a superscript ² is not a 2."""
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    return character if unicodedata.category(character) == "No" else unicodedata.normalize("NFKC", character)


def _country(number: phonenumbers.PhoneNumber) -> str | None:
    """Return the ISO country, or None where a shared calling code (+1, +44) leaves it open."""
    region = phonenumbers.region_code_for_number(number)
    if region:
        return region
    candidates = phonenumbers.region_codes_for_country_code(number.country_code or 0)
    return candidates[0] if len(candidates) == 1 else None


def mask(to: str) -> str:
    """Return `to` fit for a log or a page: `a***@x.org`, `+86138****8000`."""
    if "@" in to:
        local, _, domain = to.partition("@")
        return f"{local[:1]}***@{domain}"
    if len(to) < 8:
        return "***"
    return f"{to[:-8]}****{to[-4:]}"

"""Phone numbers as people type them, by the numbering plans that phonenumberslite knows."""

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cache

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumber, ValidationResult

from domain.characters import half_width, is_dash, plain
from domain.errors import InvalidDestination

_WRITTEN = re.compile(r"[ (]*\+?[0-9 ().\-/]+")
_LINK = re.compile(r"tel: *", re.IGNORECASE)  # RFC 3966; its parameters are refused
_DOTS = "·・‧∙⋅•"
_LEAST_OF_ANY_NUMBER = 6
"""Digits; where both sides of a separator have fewer, they can't be two numbers."""
_LEAST_AFTER_SLASH = 4
"""Fewer digits after a slash are another line of the number before it, as in 030 1234567/68."""
_LONGEST_PREFIX = 10
"""Digits; no international prefix of any plan is longer."""
_NO_COUNTRY = "001"
"""What phonenumberslite calls the region of satellites and international networks."""
_MEXICO = 52


class Numbers(StrEnum):
    """Which numbers are taken: those that the numbering plan has given out, or all of a possible length."""

    VALID = "valid"
    POSSIBLE = "possible"


def understand(text: str, *, region: str, numbers: Numbers = Numbers.VALID) -> PhoneNumber:
    """Return the one number that a text means; raises InvalidDestination where it is none, or could be two."""
    written = text if text.isascii() else "".join(_ascii(character) for character in half_width(text))
    link = _LINK.match(written)
    written = written[link.end() :] if link else written
    if not _WRITTEN.fullmatch(written):
        raise InvalidDestination("is not one phone number")
    digits = _digits(written)
    number = _one(digits, region, numbers)
    if len(written) > len(digits):
        _refuse_two(written, region)
    return number


def _ascii(character: str) -> str:
    if character.isspace():
        return " "
    if character in _DOTS:
        return "."
    return "-" if is_dash(character) else plain(character)


def _digits(written: str) -> str:
    return re.sub(r"[^0-9+]", "", written)


def _readings(digits: str, region: str) -> Iterator[PhoneNumber]:
    """Yield what a number may mean: at home, or abroad after each international prefix that it may begin with."""
    if not digits.startswith("+"):
        prefixes = [
            end
            for end in range(1, min(len(digits), _LONGEST_PREFIX) + 1)
            if _prefix(region).fullmatch(digits, 0, end)
        ]
        for end in prefixes:
            yield from _parsed(f"+{digits[end:]}", region)
        if digits.startswith("00"):  # begins no number at home
            return
        if prefixes:  # phonenumberslite would take the prefix only
            digits = f"+{phonenumbers.country_code_for_region(region)}{digits}"
    yield from _parsed(digits, region)


def _elsewhere(digits: str, region: str) -> Iterator[PhoneNumber]:
    """Yield what people mean who are used to `00` as the way abroad, where it is not the home region's."""
    if digits.startswith("00"):
        yield from _parsed(f"+{digits[2:]}", region)


def _parsed(digits: str, region: str) -> Iterator[PhoneNumber]:
    if digits.startswith("+0"):  # no country code begins with 0, and phonenumberslite would drop the plus
        return
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return
    national = str(number.national_number)
    if number.country_code == _MEXICO and len(national) == 11 and national.startswith("1"):
        # mobile numbers had a 1 before them until 2019, and many contacts still do
        number.national_number = int(national[1:])
    yield number


def _one(digits: str, region: str, numbers: Numbers) -> PhoneNumber:
    possible = list(_readings(digits, region))
    found = [number for number in possible if is_valid(number)]
    if not found and numbers is Numbers.POSSIBLE:
        found = [number for number in possible if _is_possible(number)]
    if not found:
        what = "possible" if numbers is Numbers.POSSIBLE else "valid"
        raise InvalidDestination(f"is not a {what} phone number")
    found += filter(is_valid, _elsewhere(digits, region))
    if any(e164(number) != e164(found[0]) for number in found[1:]):
        raise InvalidDestination("could mean two phone numbers: write it with + and the country code")
    return found[0]


def _refuse_two(written: str, region: str) -> None:
    """Refuse a text whose separator may stand between two numbers, or between a number and its other line."""
    slashes = written.count("/")
    for gap in re.finditer(r"[ ().\-/]+", written):
        left, right = _digits(written[: gap.start()]), _digits(written[gap.end() :])
        if "/" in gap[0] and (slashes > 1 or len(right) < _LEAST_AFTER_SLASH or _is_whole(left, region)):
            raise InvalidDestination("could mean two phone numbers")
        if (
            min(len(left.lstrip("+")), len(right)) >= _LEAST_OF_ANY_NUMBER
            and _is_whole(left, region)
            and _is_whole(right, region)
        ):
            raise InvalidDestination("could mean two phone numbers")


def _is_whole(digits: str, region: str) -> bool:
    return any(map(is_valid, _readings(digits, region)))


@cache
def _prefix(region: str) -> re.Pattern[str]:
    metadata = PhoneMetadata.metadata_for_region(region)
    return re.compile((metadata and metadata.international_prefix) or "(?!)")


def is_valid(number: PhoneNumber) -> bool:
    """Tell whether the numbering plan has given out the range that a number is in."""
    region = phonenumbers.region_code_for_number(number)
    return region is not None and phonenumbers.is_valid_number_for_region(number, region)


def _is_possible(number: PhoneNumber) -> bool:
    # is_possible_number() also accepts local numbers, which belong to nobody without an area code
    return phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE


def e164(number: PhoneNumber) -> str:
    """Return a number as gateways take it: `+` and digits."""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def country_of(number: PhoneNumber) -> str | None:
    """Return the ISO country; None where a shared calling code (+1, +44) leaves it open or it belongs to none."""
    region = phonenumbers.region_code_for_number(number)
    if region is None:
        candidates = phonenumbers.region_codes_for_country_code(number.country_code or 0)
        region = candidates[0] if len(candidates) == 1 else None
    return None if region == _NO_COUNTRY else region


def readable(to: str, country: str | None) -> str:
    """Return an E.164 number in groups, with its country: `+86 138 0013 8000 (CN)`."""
    grouped = phonenumbers.format_number(phonenumbers.parse(to), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return f"{grouped} ({country})" if country else grouped


def national(to: str) -> str:
    """Return an E.164 number without its country code and without the prefix for calls within the country."""
    return phonenumbers.national_significant_number(phonenumbers.parse(to))

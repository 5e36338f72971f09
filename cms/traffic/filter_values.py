"""What a filter of a list may have as its value, as the address of a page writes it."""

import re
from collections.abc import Mapping
from typing import Any

from cms.frame import days
from domain.error_kinds import GAP, kind_of
from domain.error_kinds import LONGEST as LONGEST_ERROR
from domain.statuses import Channel, MessageStatus, VerificationStatus
from services.traffic.message_lists import PLANNED

UNSUCCESSFUL = "unsuccessful"
FAILED = (MessageStatus.FAILED, MessageStatus.UNDELIVERED, MessageStatus.EXPIRED)
IS_TEST = {"yes": True, "no": False}
LONGEST = 64
COUNTRY = re.compile("[A-Z]{2}")


def given(values: Mapping[str, str], fields: tuple[str, ...]) -> dict[str, str]:
    """Return the values that are there and not too long."""
    found = {name: values.get(name, "").strip() for name in fields}
    longest = {"error": LONGEST_ERROR + 2}
    return {name: value for name, value in found.items() if 0 < len(value) <= longest.get(name, LONGEST)}


def is_known(name: str, value: str, *, of_messages: bool) -> bool:
    """Tell whether a filter has such a value; templates, gateways and purposes may be of the past, so any will do."""
    if name == "status":
        of_codes = set(VerificationStatus)
        return value in ({UNSUCCESSFUL, PLANNED, *MessageStatus} if of_messages else of_codes)
    if name == "channel":
        return value in list(Channel)
    if name == "test":
        return value in IS_TEST
    if name == "country":
        return COUNTRY.fullmatch(value) is not None
    return days.moment(value) is not None if name in ("since", "until") else True


def part_of_error(typed: str) -> str:
    """Return the kind of the errors that contain a typed text; one with gaps stays as it is."""
    kind = kind_of(typed)
    return kind if GAP in typed else f"{GAP}{kind}{GAP}"


def statuses(word: str | None) -> tuple[MessageStatus, ...]:
    """Return the statuses of a word, none where it means all."""
    if word == UNSUCCESSFUL:
        return FAILED
    if word == PLANNED:
        return (MessageStatus.QUEUED,)
    one = one_of(MessageStatus, word)
    return () if one is None else (one,)


def one_of(kind: Any, word: str | None) -> Any:
    """Return the value of an enumeration, None for any other word."""
    return next((one for one in kind if one.value == word), None)

"""Posts whose field names are chosen by whoever set the server up: a number and a text, or a bare code."""

import re
from collections.abc import Mapping, Sequence

from domain.destinations import channel_of
from domain.errors import FieldProblem, InvalidInput
from domain.statuses import Channel
from hooks.bodies import RECIPIENTS, TEXTS, first
from services.hooks.exchange import Delivery

BARE_CODE = re.compile(r"[0-9A-Z]{4,10}")
SHORT_NAME = 3
"""Characters of a name that many others have inside, such as `to` and `sms`."""
NUMBER = re.compile(r"\+?[0-9][0-9 ()/.-]{6,24}")


def deliveries_of(found: Mapping[str, str], channel: Channel | None = Channel.SMS) -> Sequence[Delivery]:
    """Return the one delivery in these fields; `channel` None is for an address that may be a mailbox.

    Where no field has a usual name, the number is the field that looks like one, and the text the longest other one.
    Raises InvalidInput.
    """
    to_name = _named(found, RECIPIENTS) or _like_a_number(found)
    if to_name is None:
        raise InvalidInput(FieldProblem("to", "is missing"))
    text_name = _named(found, TEXTS, but=to_name) or _longest(found, but=to_name)
    if text_name is None:
        raise InvalidInput(FieldProblem("text", "is missing"))
    to, said = found[to_name], found[text_name].strip()
    is_bare = bool(BARE_CODE.fullmatch(said))
    return [
        Delivery(
            channel or channel_of(to),
            to,
            first(found, "type", "purpose") or "default",
            code=said if is_bare else None,
            text=None if is_bare else said,
        )
    ]


def _named(found: Mapping[str, str], names: Sequence[str], but: str = "") -> str | None:
    """Return the field with one of these names, else one whose name has a longer one of them inside: `messageBody`."""
    there = [name for name, value in found.items() if name != but and value.strip()]
    inside = [one for name in names if len(name) > SHORT_NAME for one in there if name in one]
    return next((name for name in names if name in there), next(iter(inside), None))


def _like_a_number(found: Mapping[str, str]) -> str | None:
    return next((name for name, value in found.items() if NUMBER.fullmatch(value.strip())), None)


def _longest(found: Mapping[str, str], but: str) -> str | None:
    """Return the field with the longest text; one of several words is no token and no id."""
    others = [name for name, value in found.items() if name not in (but, "null") and value.strip()]
    return max(others, key=lambda name: (" " in found[name].strip(), len(found[name])), default=None)

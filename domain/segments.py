"""How many segments an SMS takes, which is what carriers charge for.

A segment holds 140 octets: 160 characters of seven bits or 70 of sixteen (3GPP TS 23.038, 6.1.2). In a longer text
each segment begins with six octets for its position, which leaves 153 or 67 (3GPP TS 23.040, 9.2.3.24.1).
"""

from dataclasses import dataclass
from enum import StrEnum

from domain import gsm

MOST_NAMED = 5
"""The most characters outside the alphabet to report."""


class Encoding(StrEnum):
    """How the characters of an SMS are encoded."""

    GSM = "GSM-7"
    UNICODE = "UCS-2"


ONE = {Encoding.GSM: 160, Encoding.UNICODE: 70}
"""Units in a text of one segment."""
EACH = {Encoding.GSM: 153, Encoding.UNICODE: 67}
"""Units in each segment of a longer text."""


@dataclass(frozen=True, slots=True)
class Segments:
    """What a text takes: `units` are characters, where some count twice; `room` is left in the last segment.

    `foreign` are the first characters that GSM-7 lacks: they make the text more than twice as expensive.
    """

    encoding: Encoding
    units: int
    count: int
    room: int
    foreign: tuple[str, ...] = ()


def count(text: str) -> Segments:
    """Return what a text takes; an empty one also takes a segment."""
    foreign = tuple(dict.fromkeys(one for one in text if one not in gsm.ALPHABET))[:MOST_NAMED]
    encoding = Encoding.UNICODE if foreign else Encoding.GSM
    sizes = [_size(character, encoding) for character in text]
    units = sum(sizes)
    if units <= ONE[encoding]:
        return Segments(encoding, units, 1, ONE[encoding] - units, foreign)
    number, filled = 1, 0
    for size in sizes:
        if filled + size > EACH[encoding]:  # no character is split
            number, filled = number + 1, 0
        filled += size
    return Segments(encoding, units, number, EACH[encoding] - filled, foreign)


def _size(character: str, encoding: Encoding) -> int:
    """Return the units of a character: two for an escaped one, and for one outside the basic plane."""
    if encoding is Encoding.GSM:
        return 2 if character in gsm.EXTENSION else 1
    return 2 if ord(character) > 0xFFFF else 1

"""How many segments an SMS takes, which is what carriers charge for.

A segment holds 140 octets: 160 characters of seven bits or 70 of sixteen (3GPP TS 23.038, 6.1.2). In a longer text
each segment begins with six octets for its position, which leaves 153 or 67 (3GPP TS 23.040, 9.2.3.24.1).
"""

from dataclasses import dataclass
from enum import StrEnum

from domain import gsm
from domain.characters import is_unseen, shown

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

    `foreign` are characters that GSM-7 lacks: they make the text more than twice as expensive. Those that nobody sees
    come first, else they are in the order of the text.
    """

    encoding: Encoding
    units: int
    count: int
    room: int
    foreign: tuple[str, ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        """The foreign characters with their names, since some of them can't be seen."""
        return tuple(map(shown, self.foreign))


def count(text: str) -> Segments:
    """Return what a text takes; an empty one also takes a segment."""
    outside = dict.fromkeys(one for one in text if one not in gsm.ALPHABET)
    foreign = tuple(sorted(outside, key=is_unseen, reverse=True))[:MOST_NAMED]
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


def number(text: str) -> int:
    """Return the number of segments alone; most texts take one, and that is quick to see."""
    if gsm.fits(text):
        units, encoding = len(text) + sum(map(text.count, gsm.EXTENSION)), Encoding.GSM
    else:
        units, encoding = len(text) + sum(one > "\uffff" for one in text), Encoding.UNICODE
    return 1 if units <= ONE[encoding] else count(text).count


def _size(character: str, encoding: Encoding) -> int:
    """Return the units of a character: two for an escaped one, and for one outside the basic plane."""
    if encoding is Encoding.GSM:
        return 2 if character in gsm.EXTENSION else 1
    return 2 if ord(character) > 0xFFFF else 1

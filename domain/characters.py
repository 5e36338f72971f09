"""Characters that break a line, that nobody sees, or that have a plain form."""

import re
import unicodedata

_BREAKING = {"Cc", "Zl", "Zp", "Cs"}
"""C0 and C1 with CR, LF, NUL; U+2028 and U+2029; lone surrogates, which can't be encoded."""
_UNSEEN = _BREAKING | {"Cf"}
"""Also invisible characters: soft hyphens, direction marks, joiners."""
_MARKS = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""What Unicode calls default ignorable: zero width, direction, variation selectors, fillers, the byte order mark."""
_OTHER_DASHES = frozenset("\u2212\u207b\u208b\u30fc\uff70")
"""Dashes by use: minus signs, and the Japanese long vowel mark that is on the key of the hyphen."""
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " "}


def has_control_characters(text: str) -> bool:
    """Tell whether a text could break a header, a log line or a row: CR, LF, NUL, U+2028, lone surrogates."""
    return _has(text, _BREAKING)


def has_unseen_characters(text: str) -> bool:
    """Tell the same, and also whether a text holds invisible characters, with which two texts could look alike."""
    return _has(text, _UNSEEN)


LARGEST_ID = 2**31 - 1
"""Ids are INTEGER columns, which have 32 bits on PostgreSQL and MariaDB."""


def is_storable(text: str) -> bool:
    """Tell whether every database takes a text: PostgreSQL no NUL, none of them half characters."""
    return text.isprintable() or not any(one == "\0" or "\ud800" <= one <= "\udfff" for one in text)


def _has(text: str, categories: set[str]) -> bool:
    """Search character by character only where it is needed: printable texts, nearly all, hold none of these."""
    return not text.isprintable() and any(unicodedata.category(character) in categories for character in text)


def one_line(text: str, most: int) -> str:
    """Return what somebody else's program said as one line of at most `most` characters that every row can take."""
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(one) in _BREAKING else one for one in text)
    return text[:most]


def without_unseen(text: str) -> str:
    """Return a text without the marks that print nothing; they come along when people copy from a page or a contact."""
    return text if text.isascii() else _MARKS.sub("", text)


def trimmed(text: str) -> str:
    """Return a text without white space and unseen marks around it, in any order of the two."""
    start, end = 0, len(text)
    while start < end and _is_nothing(text[start]):
        start += 1
    while end > start and _is_nothing(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_nothing(character: str) -> bool:
    return character.isspace() or (not character.isascii() and _MARKS.fullmatch(character) is not None)


def is_unseen(character: str) -> bool:
    """Tell whether a character prints nothing, or looks like a common space and is none."""
    return (
        _MARKS.fullmatch(character) is not None
        or unicodedata.category(character) in _UNSEEN
        or (character.isspace() and character not in " \n")
    )


def is_dash(character: str) -> bool:
    """Tell whether people take a character for a hyphen, in any script."""
    return unicodedata.category(character) == "Pd" or character in _OTHER_DASHES


def half_width(text: str) -> str:
    """Return a text with the full-width forms of ASCII, as Chinese and Japanese keyboards type them, as ASCII."""
    return text if text.isascii() else text.translate(_FULL_WIDTH)


def plain(character: str) -> str:
    """Return the ASCII form of a digit, a space or a sign of any script; a superscript ² is not a 2."""
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    return character if unicodedata.category(character) == "No" else unicodedata.normalize("NFKC", character)


def shown(character: str) -> str:
    """Return a character as people can talk about it: itself where it can be seen, and its Unicode name."""
    name = f"{unicodedata.name(character, 'no name')} (U+{ord(character):04X})"
    return name if is_unseen(character) else f"{character} {name}"

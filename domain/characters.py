"""Characters not allowed in a single line."""

import unicodedata

_BREAKING = {"Cc", "Zl", "Zp", "Cs"}
"""C0 and C1 with CR, LF, NUL; U+2028 and U+2029; lone surrogates, which can't be encoded."""
_UNSEEN = _BREAKING | {"Cf"}
"""Also invisible characters: soft hyphens, direction marks, joiners."""


def has_control_characters(text: str) -> bool:
    """Tell whether a text could break a header, a log line or a row: CR, LF, NUL, U+2028, lone surrogates."""
    return _has(text, _BREAKING)


def has_unseen_characters(text: str) -> bool:
    """Tell the same, and also whether a text holds invisible characters, with which two texts could look alike."""
    return _has(text, _UNSEEN)


def is_storable(text: str) -> bool:
    """Tell whether every database takes a text: PostgreSQL no NUL, none of them half characters."""
    return text.isprintable() or not any(one == "\0" or "\ud800" <= one <= "\udfff" for one in text)


def _has(text: str, categories: set[str]) -> bool:
    """Search character by character only where it is needed: printable texts, nearly all, hold none of these."""
    return not text.isprintable() and any(unicodedata.category(character) in categories for character in text)

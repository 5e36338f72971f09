"""Characters that no text of one line may hold."""

import unicodedata

_BREAKING = {"Cc", "Zl", "Zp", "Cs"}
"""C0 and C1 with CR, LF, NUL; U+2028 and U+2029; half characters that can't be encoded."""
_UNSEEN = _BREAKING | {"Cf"}
"""Also what nobody sees: soft hyphens, marks of direction, joiners."""


def has_control_characters(text: str) -> bool:
    """Tell whether a text could break a header, a log line or a row: CR, LF, NUL, U+2028, lone surrogates."""
    return _has(text, _BREAKING)


def has_unseen_characters(text: str) -> bool:
    """Tell the same, and whether a text holds what nobody sees, so that two could look alike."""
    return _has(text, _UNSEEN)


def is_storable(text: str) -> bool:
    """Tell whether every database takes a text: PostgreSQL no NUL, none of them half characters."""
    return text.isprintable() or not any(one == "\0" or "\ud800" <= one <= "\udfff" for one in text)


def _has(text: str, categories: set[str]) -> bool:
    """Printable texts, nearly all, hold none of these and are not looked at character by character."""
    return not text.isprintable() and any(unicodedata.category(character) in categories for character in text)

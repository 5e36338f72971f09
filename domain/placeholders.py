"""`{{ name }}` in a caller's own text: replaced by the recipient's value; no other syntax is supported."""

import re
from collections.abc import Mapping
from html import escape

_PLACEHOLDER = re.compile(
    r"\{\{[\s\u200b\u2060\ufeff]*([A-Za-z_][A-Za-z0-9_]{0,63})[\s\u200b\u2060\ufeff]*\}\}"
)
"""With any white space: editors put no-break spaces, and zero-width ones, where a space was typed."""


def names(*texts: str | None) -> frozenset[str]:
    """Return the names that the texts use."""
    return frozenset(name for text in texts if text for name in _PLACEHOLDER.findall(text))


def stray(text: str) -> str | None:
    """Return the beginning of braces that are no placeholder and would reach people, None where there are none."""
    left = _PLACEHOLDER.sub("\0", text)
    at = left.find("{{")
    return None if at < 0 else left[at : at + 20].partition("\n")[0]


def fill(text: str, params: Mapping[str, str], *, is_html: bool = False) -> str:
    """Return the text with its values filled in, escaped in HTML; raises KeyError where one is missing."""
    return _PLACEHOLDER.sub(lambda found: _value(params[found[1]], is_html), text)


def _value(value: str, is_html: bool) -> str:
    return escape(value) if is_html else value

"""Escaping: what needs none is kept by a shorter way, which must give the same."""

from urllib.parse import quote, quote_plus

from channels.placeholders.escaping import in_form, in_header, in_url

VALUES = [
    *map(chr, range(0x180)),
    "",
    "8613812345678",
    "a b",
    "a-b_c.d~e",
    "ab\n",
    "码",
    "\ud800",
    "7bit",
    "é=%",
]


def test_a_value_is_escaped_as_python_does_it() -> None:
    for one in VALUES:
        assert in_form(one) == quote_plus(one, errors="replace")
        assert in_url(one) == quote(one, safe="", errors="replace")


def test_a_header_keeps_everything_but_control_characters() -> None:
    for one in VALUES:
        sent = in_header(one).encode("latin-1")
        assert sent == "".join(" " if is_control(c) else c for c in one).encode(errors="replace")


def is_control(character: str) -> bool:
    """Tell whether a character is of the category Cc."""
    return ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0

"""How a value is written so that it can't break out of the place it is filled into."""

import re
from collections.abc import Callable
from json.encoder import encode_basestring_ascii
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

Escape = Callable[[str], str]

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
"""All characters of the category Cc."""
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]*")
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def kind_of(content_type: str) -> str:
    """Return a content type without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def for_content(content_type: str) -> Escape:
    """Return the function for a text of this content type; one that we don't know leaves values as they are."""
    kind = kind_of(content_type)
    if kind == FORM:
        return in_form
    if kind == JSON or kind.endswith("+json"):
        return in_json
    if kind.endswith(("/xml", "+xml")):
        return in_xml
    return unchanged


def unchanged(value: str) -> str:
    """Return the value as it is."""
    return value


def in_form(value: str) -> str:
    """Escape for a form."""
    if _UNRESERVED.fullmatch(value):
        return value  # `quote` takes five times as long to find that out
    return quote_plus(value, errors="replace")


def in_json(value: str) -> str:
    """Escape for the inside of a JSON string."""
    return encode_basestring_ascii(value)[1:-1]


def in_xml(value: str) -> str:
    """Escape for an XML text or attribute."""
    return escape(value, {'"': "&quot;", "'": "&apos;"})


def in_url(value: str) -> str:
    """Escape for a path or a query: everything but letters, digits and `-._~`."""
    if _UNRESERVED.fullmatch(value):
        return value
    return quote(value, safe="", errors="replace")


def in_header(value: str) -> str:
    """Turn control characters into spaces, so that no value adds a header; other characters are sent as UTF-8."""
    if value.isascii() and value.isprintable():
        return value
    return _CONTROL.sub(" ", value).encode(errors="replace").decode("latin-1")

"""The request body for a provider's own HTTP interface: placeholders, filled in with escaped values."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote_plus, urlencode
from xml.sax.saxutils import escape

from channels.gateway import Outgoing
from domain.errors import ConfigurationError, GatewayError

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

NAME = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.-]*)\}")
PLAIN = {"to", "to.digits", "text", "reference", "template", "sender"}
PARAMETER = "params."
SPACED = re.compile(
    r"\{(?=\s|[^{}]*\s\})\s*((?:to|to\.digits|text|reference|template|sender|params\.[\w.-]+))\s*\}"
)
BRACES = re.compile(r"\{[^{}]*\}")

Fill = Callable[[str], str]


class Body:
    """A body template. Raises ConfigurationError for an unknown placeholder.

    Parameters:
        template: a table, sent as JSON or as form fields; or a text, sent unchanged; None is our own JSON.
        content_type: decides how values are escaped; defaults to JSON for a table and to a form for a text.
    """

    def __init__(self, template: Any = None, content_type: str = ""):
        if template is not None and not isinstance(template, str | dict):
            raise ConfigurationError("body: must be a table or a text")
        self.content_type = content_type or (FORM if isinstance(template, str) else JSON)
        self._kind = self.content_type.partition(";")[0].strip().lower()
        self._template = template
        for key in _keys(template):
            refuse_placeholders("body", key)
        for text in _texts(template):
            if spaced := SPACED.search(text):
                raise ConfigurationError(f"body: write {{{spaced[1]}}} without spaces")
            for name in NAME.findall(text):
                if name not in PLAIN and not name.startswith(PARAMETER):
                    raise ConfigurationError(f"body: {{{name}}} is not a placeholder")

    def render(self, outgoing: Outgoing) -> bytes:
        """Fill in the template. Raises GatewayError where the message lacks a parameter that it names."""
        if self._template is None:
            return json.dumps(_own(outgoing)).encode()
        values = _values(outgoing)
        if isinstance(self._template, str):
            return _fill(self._template, values, _escape(self._kind)).encode(errors="replace")
        table = _fill_all(self._template, values)
        if self._kind == FORM:
            return urlencode(table, errors="replace").encode()
        return json.dumps(table).encode()


def refuse_placeholders(key: str, text: str) -> None:
    """Raise ConfigurationError for `{…}` in a text that is sent unchanged: somebody expects it to be filled in."""
    if BRACES.search(text):
        raise ConfigurationError(
            f"{key}: {{…}} is filled in only in the values of `body`; here it would be sent as it is"
        )


def _own(outgoing: Outgoing) -> dict[str, Any]:
    return {
        "to": outgoing.to,
        "text": outgoing.text,
        "reference": outgoing.id,
        "template": outgoing.template,
        "params": dict(outgoing.params),
        **({"sender": outgoing.sender} if outgoing.sender else {}),
    }


def _values(outgoing: Outgoing) -> dict[str, str]:
    values = {
        "to": outgoing.to,
        "to.digits": outgoing.to.removeprefix("+"),
        "text": outgoing.text,
        "reference": outgoing.id,
        "template": outgoing.template or "",
        "sender": outgoing.sender or "",
    }
    return values | {PARAMETER + name: str(value) for name, value in outgoing.params.items()}


def _escape(kind: str) -> Fill:
    """Return the function that escapes a value for this content type."""
    if kind == FORM:
        return lambda value: quote_plus(value, errors="replace")
    if kind == JSON or kind.endswith("+json"):
        return lambda value: json.dumps(value)[1:-1]
    if kind.endswith(("/xml", "+xml")):
        return lambda value: escape(value, {'"': "&quot;", "'": "&apos;"})
    return lambda value: value


def _fill(text: str, values: Mapping[str, str], safe: Fill) -> str:
    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise GatewayError(f"the message has no {found[1]}")
        return safe(values[found[1]])

    return NAME.sub(value, text)


def _fill_all(template: Any, values: Mapping[str, str]) -> Any:
    """Fill in every text of a table; the result is encoded as a whole, so nothing is escaped here."""
    if isinstance(template, str):
        return _fill(template, values, str)
    if isinstance(template, dict):
        return {key: _fill_all(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [_fill_all(value, values) for value in template]
    return template


def _texts(template: Any) -> list[str]:
    if isinstance(template, str):
        return [template]
    if isinstance(template, dict):
        template = list(template.values())
    return [text for value in template for text in _texts(value)] if isinstance(template, list) else []


def _keys(template: Any) -> list[str]:
    """Return the keys of a table at any depth; they are sent unchanged."""
    if isinstance(template, dict):
        return [*map(str, template), *(key for value in template.values() for key in _keys(value))]
    return [key for value in template for key in _keys(value)] if isinstance(template, list) else []

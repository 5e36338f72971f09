"""The request body for a provider's own HTTP interface: placeholders, filled in with escaped values."""

import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from channels.gateway import Outgoing
from channels.placeholders.escaping import FORM, JSON, for_content, in_json, kind_of
from channels.placeholders.filling import Filling
from channels.placeholders.gateway_names import USUAL
from channels.placeholders.texts import BRACES, HOLE, Field, Names, Text
from domain.errors import ConfigurationError
from domain.statuses import Channel

LEFT_OUT: Any = object()
TABLE_LEFT_OUT: Any = object()
NO_TABLE = "`??` leaves out a table within the body; here is none"

Node = Callable[[Filling], Any]
"""Returns one value of a table for a message, or LEFT_OUT, or TABLE_LEFT_OUT in a table within another."""


class Body:
    """A body template. Raises ConfigurationError for an unknown placeholder.

    Parameters:
        template: a table or a list, sent as JSON or as form fields; or a text, sent unchanged; None is our own JSON.
        content_type: decides how values are escaped; defaults to JSON for a table and to a form for a text.
        names: the placeholders that it may contain.
    """

    def __init__(self, template: Any = None, content_type: str = "", names: Names[Filling] = USUAL):
        self.content_type = content_type or (FORM if isinstance(template, str) else JSON)
        self.fill = _maker(template, self.content_type, names)
        """Fills in the template. Raises GatewayError where the message lacks a parameter that it names."""

    def render(self, outgoing: Outgoing) -> bytes:
        """Fill in the template for one message, as `fill`."""
        return self.fill(Filling(outgoing))


def _maker(template: Any, content_type: str, names: Names[Filling]) -> Callable[[Filling], bytes]:
    if template is None:
        return _own
    is_form = kind_of(content_type) == FORM
    if isinstance(template, str):
        return _text(Text("body", template, names, escape=for_content(content_type), strict=False))
    if not isinstance(template, dict | list) or (is_form and isinstance(template, list)):
        raise ConfigurationError("body: must be a table, a list or a text")
    table = _node(template, names)
    if is_form:
        return lambda filling: urlencode(_fields(table(filling)), errors="replace", doseq=True).encode()
    if _has_marks(template):
        return lambda filling: json.dumps(table(filling)).encode()
    # nothing is left out: placeholders stay as they are in the JSON of the table, which makes it a text like any other
    return _text(Text("body", json.dumps(template), names, escape=in_json, strict=False))


def _has_marks(template: Any) -> bool:
    """Tell whether a value may be left out, or is JSON itself."""
    if isinstance(template, dict):
        return any(map(_has_marks, template.values()))
    if isinstance(template, list):
        return any(map(_has_marks, template))
    return isinstance(template, str) and any(found[2] or found[3] for found in HOLE.finditer(template))


def _text(text: Text[Filling]) -> Callable[[Filling], bytes]:
    return lambda filling: text.fill(filling).encode(errors="replace")


def _node(template: Any, names: Names[Filling], *, of: str = "") -> Node:
    """Compile a value of a table; the result is encoded as a whole, so nothing is escaped here.

    `of`: what it is in: `list`, `body` where that is a table, `table` for one within it, or nothing.
    """
    if isinstance(template, str):
        text = Field("body", template, names, strict=False)
        if text.constant is not None and not text.is_json:
            constant = text.constant
            return lambda _: constant
        if text.leaves_out_table and of != "table":
            raise ConfigurationError(f"body: {NO_TABLE}")
        left_out = TABLE_LEFT_OUT if text.leaves_out_table else LEFT_OUT
        find = text.value if text.is_json else text.given
        return lambda filling: left_out if (value := find(filling)) is None else value
    if isinstance(template, dict):
        for key in template:
            refuse_placeholders("body", key)
        inside = "table" if of else "body"
        nodes = [(key, _node(value, names, of=inside)) for key, value in template.items()]
        return lambda filling: _table(nodes, filling)
    if isinstance(template, list):
        items = [_node(value, names, of="list") for value in template]
        return lambda filling: [value for node in items if (value := node(filling)) is not LEFT_OUT]
    return lambda _: template


def _table(nodes: Sequence[tuple[str, Node]], filling: Filling) -> Any:
    table = {}
    for key, node in nodes:
        value = node(filling)
        if value is TABLE_LEFT_OUT:
            return LEFT_OUT
        if value is not LEFT_OUT:
            table[key] = value
    return table


def _fields(table: dict[str, Any]) -> dict[str, Any]:
    """Return form fields; true and false are written as in JSON."""
    return {key: json.dumps(value) if isinstance(value, bool) else value for key, value in table.items()}


def refuse_placeholders(key: str, text: str) -> None:
    """Raise ConfigurationError for `{…}` in a text that is sent unchanged: somebody expects it to be filled in."""
    if BRACES.search(text):
        raise ConfigurationError(f"{key}: {{…}} is filled in only in values; here it would be sent as it is")


def _own(filling: Filling) -> bytes:
    """Return the body of our own interface."""
    outgoing = filling.outgoing
    fields: dict[str, Any] = {
        "to": outgoing.to,
        "text": outgoing.text,
        "reference": outgoing.id,
        "template": outgoing.template,
        "params": dict(outgoing.params),
    }
    if outgoing.sender:
        fields["sender"] = outgoing.sender
    if outgoing.channel is Channel.EMAIL:
        fields |= {"subject": outgoing.subject, "html": outgoing.html}
    return json.dumps(fields).encode()

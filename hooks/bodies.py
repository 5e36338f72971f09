"""Read what servers post, tolerantly: unknown fields, line breaks inside JSON texts, forms, queries."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from domain.errors import FieldProblem, InvalidInput
from services.hooks.exchange import Incoming

RECIPIENTS = (
    "to",
    "recipient",
    "receiver",
    "phonenumber",
    "phone",
    "mobile",
    "number",
    "msisdn",
    "destination",
    "recipients",
    "numbers",
    "email",
)
TEXTS = ("text", "message", "body", "content", "msg", "sms", "code")
"""Names for the destination and the text, where whoever sets up the server chooses them; `_` and case don't count."""


def json_object(incoming: Incoming) -> dict[str, Any]:
    """Return the body's object; raises InvalidInput. A raw line break in a text is taken: not everybody escapes it."""
    try:
        found = json.loads(incoming.body.decode("utf-8"), strict=False)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InvalidInput(FieldProblem("body", "must be a JSON object"))
    return found


def fields(incoming: Incoming) -> dict[str, str]:
    """Return the fields of a body or query, whether JSON or a form, at any depth, by their own name in lower case.

    Of two fields of one name the outer, earlier one counts. Raises InvalidInput.
    """
    found: dict[str, str] = {}
    for name, value in _pairs(incoming):
        found.setdefault(plain_name(name), value)
    return found


def plain_name(name: str) -> str:
    """Return a field's name without case, `_` and `-`."""
    return name.lower().replace("_", "").replace("-", "")


def _pairs(incoming: Incoming) -> Iterator[tuple[str, str]]:
    is_form = "form-urlencoded" in incoming.headers.get("content-type", "")
    if incoming.body.strip() and not is_form:
        yield from _leaves("", json_object(incoming))
    elif incoming.body.strip():
        try:
            yield from parse_qsl(incoming.body.decode(), keep_blank_values=True, max_num_fields=100)
        except (UnicodeDecodeError, ValueError):
            raise InvalidInput(FieldProblem("body", "is no form")) from None
    yield from incoming.query.items()


def _leaves(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        ordered = sorted(value.items(), key=lambda item: isinstance(item[1], Mapping | list))
        for inner, one in ordered:
            yield from _leaves(inner, one)
    elif isinstance(value, list):
        for one in value[:1]:
            yield from _leaves(name, one)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield name, str(value)


def first(found: Mapping[str, str], *names: str) -> str:
    """Return the first of these fields that is there and not blank, else an empty text."""
    return next((value for name in names if (value := found.get(name, "")).strip()), "")


def text(value: Any) -> str:
    """Return a text or number of a body as text, and anything else as an empty one."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def inner(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return an object inside an object, an empty one where there is none."""
    value = found.get(name)
    return value if isinstance(value, dict) else {}

"""What Twilio's SDKs send: form fields and queries. Unknown ones are left alone, as Twilio does."""

from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from flask import current_app, request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from domain.characters import is_storable
from domain.errors import FieldProblem, InvalidInput

FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 200
FIRST_YEAR, LAST_YEAR = 2000, 2200
"""Times outside of these are no times that anybody means, and some can't be converted to UTC."""


class Fields:
    """Names and values as they were sent; everything read raises InvalidInput where it is not what it should be."""

    def __init__(self, pairs: Iterable[tuple[str, str]]):
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str) -> str | None:
        """Return a field's text, None where it is missing or empty."""
        found = self._values.get(name, [])
        if len(found) > 1:
            raise InvalidInput(FieldProblem(name, "was given more than once"))
        if found and not is_storable(found[0]):
            raise InvalidInput(FieldProblem(name, "has characters that can't be stored"))
        return found[0] if found and found[0] else None

    def needed(self, name: str) -> str:
        """Return the text of a field that must be there."""
        found = self.text(name)
        if found is None:
            raise InvalidInput(FieldProblem(name, "is required"))
        return found

    def number(self, name: str, usual: int, most: int) -> int:
        """Return a whole number from 0; a larger one than `most` counts as `most`."""
        found = self.text(name)
        if found is None:
            return usual
        if not (found.isascii() and found.isdigit()):
            raise InvalidInput(FieldProblem(name, "must be a whole number"))
        return most if len(found) > 9 else min(int(found), most)

    def time(self, name: str) -> datetime | None:
        """Return a time of ISO 8601; without a zone it is UTC, without a time of day it is midnight."""
        found = self.text(name)
        if found is None:
            return None
        try:
            read = datetime.fromisoformat(found)
        except ValueError:
            raise InvalidInput(FieldProblem(name, "must be a time such as 2026-11-29T12:00:00Z")) from None
        if not FIRST_YEAR <= read.year <= LAST_YEAR:
            raise InvalidInput(FieldProblem(name, f"must be between {FIRST_YEAR} and {LAST_YEAR}"))
        return read.replace(tzinfo=read.tzinfo or UTC).astimezone(UTC)


def form() -> Fields:
    """Return the fields of the body; raises RequestEntityTooLarge, UnsupportedMediaType and BadRequest.

    Werkzeug silently truncates a body without a Content-Length at the limit, so we ask for one byte more.
    """
    most: int = current_app.config["MAX_CONTENT_LENGTH"]
    request.max_content_length = most + 1
    body = request.get_data()
    if len(body) > most:
        raise RequestEntityTooLarge
    if body and request.mimetype != FORM:
        raise UnsupportedMediaType
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise BadRequest from None
    return Fields(pairs)


def query() -> Fields:
    """Return the fields of the address."""
    return Fields((name, value) for name, values in request.args.lists() for value in values)

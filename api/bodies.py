"""Read JSON bodies and queries strictly: input that two parsers could read in two ways is refused."""

import json
import re
from typing import Any, ClassVar, NoReturn

import marshmallow
from flask import Request, current_app, g
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from domain.characters import is_storable
from domain.errors import FieldProblem, InvalidInput

FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
WHOLE = "body"


class Ambiguous(ValueError):
    """Raised where parsers disagree about JSON: NaN, or a duplicate name."""


class BodyParser(FlaskParser):
    """Loads bodies and queries into schemas; raises InvalidInput where they do not fit."""

    DEFAULT_UNKNOWN_BY_LOCATION: ClassVar = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": None}

    def load_json(self, req: Request, schema: marshmallow.Schema) -> Any:
        """Return the body's JSON value; an empty body counts as an empty object, for calls without fields."""
        return read(req)

    def load_querystring(self, req: Request, schema: marshmallow.Schema) -> Any:
        """Return the query's names and values; raises BadRequest for a duplicate name, and InvalidInput."""
        if any(len(values) > 1 for values in req.args.listvalues()):
            raise BadRequest("The query has a duplicate name.")
        found = req.args.to_dict()
        if not all(is_storable(value) for value in found.values()):
            raise InvalidInput(FieldProblem("query", "must not contain NUL"))
        return found

    def handle_error(self, error: marshmallow.ValidationError, *_: Any, **__: Any) -> NoReturn:
        """Raise InvalidInput with one problem per field."""
        (messages,) = error.normalized_messages().values()  # by location: json or query
        raise InvalidInput(*_problems(messages)) from None


def read(request: Request) -> Any:
    """Return the JSON value of a body; raises UnsupportedMediaType and BadRequest, without quoting the body."""
    body = raw(request)
    if not body:
        return {}
    if not request.is_json:
        raise UnsupportedMediaType("The body must be application/json.")
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise BadRequest("The body is not UTF-8.") from None
    except RecursionError:
        raise BadRequest("The body is nested too deeply.") from None
    except Ambiguous as error:
        raise BadRequest(str(error)) from None
    except ValueError:
        raise BadRequest("The body is not JSON.") from None


def raw(request: Request) -> bytes:
    """Return a request's body; raises RequestEntityTooLarge.

    Werkzeug silently truncates a body without a Content-Length at the limit, so we ask for one byte more.
    """
    most: int = g.get("longest_body") or current_app.config["MAX_CONTENT_LENGTH"]
    request.max_content_length = most + 1
    body = request.get_data()
    if len(body) > most:
        raise RequestEntityTooLarge
    return body


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Ambiguous("An object in the body has a duplicate name.")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise Ambiguous("NaN and Infinity are not JSON.")


def _problems(messages: Any) -> list[FieldProblem]:
    if not isinstance(messages, dict):
        return [FieldProblem(WHOLE, _first(messages))]
    return [FieldProblem(_name(field), _first(inner)) for field, inner in messages.items()]


def _name(field: Any) -> str:
    """Return a field's name; an unusual one is the caller's own text and is not repeated."""
    return field if isinstance(field, str) and field != "_schema" and FIELD_NAME.fullmatch(field) else WHOLE


def _first(messages: Any) -> str:
    """Return the first message of a field at any depth; the keys above it may be the caller's own text."""
    while not isinstance(messages, str):
        messages = next(iter(messages.values() if isinstance(messages, dict) else messages))
    return messages

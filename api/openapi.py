"""The OpenAPI 3.1 document of the API, and the blueprint that documents its routes."""

import json
from collections.abc import Callable
from functools import cached_property, partial
from http import HTTPStatus
from threading import Lock
from typing import Any

import flask_smorest
from flask import Flask
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.routing import BaseConverter

from api import problems
from api.bodies import BodyParser
from api.schemas.problems import EXAMPLES, Problem

INTRODUCTION = """\
Send verification codes and notices by e-mail and SMS, and check what the user typed.

Every call below `/api/v1` needs `Authorization: Bearer <key>`. Errors are `application/problem+json` (RFC 9457); a 429
has `Retry-After` and `limit`, the name of the limit that was hit. A 403 has the code `not_allowed` if the key lacks the
scope, and `address_not_allowed` if the key has a list of addresses and the caller's is not on it. Unknown fields are
refused with 422, bodies above 64 KiB with 413; a broadcast may have 8 MiB, a list from a file 32 MiB.

A POST with an `Idempotency-Key` can be repeated safely: for 24 hours a repeat gets the first answer, with
`Idempotent-Replayed: true`. A repeat that arrives while the first request is in flight waits for its answer, for some
seconds, and then gets 409; with another body it gets 422. Answers 401, 429 and 5xx are not stored, so that the call can
be retried with the same key; a 5xx has done nothing.

Every answer has an `X-Request-Id`, which an error and our log repeat: the one that was sent, if it has 8 to 64 of
`A-Z a-z 0-9 . _ -` and at least one letter, else one of ours.

A test key reaches no gateway. Its codes are all zeros, and the destination chooses what becomes of a message: a number
that ends in `0001`, or `delivered@` any domain, is delivered; `0002` or `undelivered@` is not; `0003` or `failed@`
fails; `0004` or `expired@` expires; `0005` or `slow@` takes 30 s. Anything else is sent at once.
"""
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "1 to 255 characters; a repeated call with the same key gets the first answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
RETRY_AFTER = {
    "description": "Seconds to wait before a retry.",
    "schema": {"type": "integer", "minimum": 1},
}


PUBLIC: dict[str, Any] = {
    "security": [],
    "responses": {"4XX": {"description": "Not a request that HTTP allows; answered by the web server."}},
}
"""What the document says of an operation that needs no key."""
CALLS = ("check", "csv")
"""Words that follow a collection's path like an id: `POST /verifications/check`."""


class Blueprint(flask_smorest.Blueprint):
    """Routes of one subject: documented, with strict bodies, and with every error as a problem."""

    ARGUMENTS_PARSER = BodyParser()

    def __init__(self, name: str, import_name: str, **options: Any):
        super().__init__(name, import_name, **options)
        problems.answer_errors_of(self)

    def register_views_in_doc(self, api: "Api", *args: Any, **options: Any) -> None:
        """Describe the routes once somebody asks for the document: a service starts in half the time without it."""
        api.described_later.append(partial(super().register_views_in_doc, api, *args, **options))


class Id(BaseConverter):
    """An id in a URL, never a word that is a call of its own: else OPTIONS would offer what only an id has."""

    regex = rf"(?!(?:{'|'.join(CALLS)})$)[^/]+"
    part_isolating = True


class Api(flask_smorest.Api):
    """flask-smorest with our error answers, and without its own pages."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self, app: Flask):
        app.url_map.converters["id"] = Id
        self.described_later: list[Callable[[], None]] = []
        self._one_describes = Lock()
        super().__init__(app, spec_kwargs=_described(app.config["PUBLIC_URL"].rstrip("/")))
        self.spec.components.security_scheme(
            "key", {"type": "http", "scheme": "bearer", "description": "An API key."}
        )
        self.spec.components.parameter("IdempotencyKey", "header", IDEMPOTENCY_KEY)

    @cached_property
    def document(self) -> str:
        """The whole document as JSON."""
        with self._one_describes:
            while self.described_later:
                self.described_later.pop(0)()
            return json.dumps(self.spec.to_dict(), ensure_ascii=False)

    def _register_error_handlers(self) -> None:
        problems.answer_unknown_addresses(self._app)

    def _register_pagination_header(self) -> None:
        """Leave the header out, because our lists use a cursor."""

    def _register_responses(self) -> None:
        self.described_later.append(self._describe_errors)

    def _describe_errors(self) -> None:
        for status in HTTPStatus:
            if status >= 400:
                self.spec.components.response(status.name, _problem_response(status), lazy=True)


def _described(public_url: str) -> dict[str, Any]:
    """Return the parts of the document that speak of this installation."""
    contact = {"name": "The operators of this installation"} | ({"url": public_url} if public_url else {})
    terms = {"name": "MIT", "identifier": "MIT"}
    return {
        "info": {"description": INTRODUCTION, "license": terms, "contact": contact},
        "servers": [{"url": public_url or "/"}],
    }


def _problem_response(status: int) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": Problem}
    if status in EXAMPLES:
        content["example"] = EXAMPLES[status]
    response: dict[str, Any] = {
        "description": HTTP_STATUS_CODES.get(status, HTTPStatus(status).phrase),
        "content": {problems.MEDIA_TYPE: content},
    }
    if status in (429, 503):
        response["headers"] = {"Retry-After": RETRY_AFTER}
    return response

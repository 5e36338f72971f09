"""Every error in Twilio's body; the only place that maps our errors to Twilio's codes.

An answer must never have `type`, `title`, `status` and `code` together: the SDKs would take it for another kind of
error, which programs don't catch. The code must be a number, because programs compare it with one.
https://www.twilio.com/docs/api/errors
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from types import MappingProxyType

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException, default_exceptions
from werkzeug.routing import RequestRedirect

from domain.errors import (
    Conflict,
    CountryNotAllowed,
    DestinationLocked,
    InvalidInput,
    LimitExceeded,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    SendcodeError,
    VerificationLocked,
)
from services.limits import counters, pumping_guard
from services.limits.refusals import Refusals
from services.process.parts import part
from services.request_log.answers import fault
from services.storage.waits import is_outage

log = logging.getLogger(__name__)
ROOT = "/twilio"
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
RETRY_SECONDS = 2
LONGEST_PATH = 200
NO_FIELD = 20001
AUTHENTICATE, NO_METHOD, ACCESS_DENIED, TOO_MANY = 20003, 20004, 20006, 20429


class Refused(Exception):
    """Raised where Twilio's interface has a rule of its own; `status` is HTTP's."""

    def __init__(self, status: int, code: int, message: str):
        super().__init__(message)
        self.status, self.code = status, code


@dataclass(frozen=True, slots=True)
class Words:
    """What one of Twilio's products calls our errors: the code for invalid input, by our field's name, and others."""

    invalid: int
    country: tuple[int, int]
    """Status and code where the number's country is not switched on."""
    conflict: tuple[int, int]
    fields: Mapping[str, int] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    """Our fields' names in Twilio's words."""


PLAIN = Words(NO_FIELD, (403, ACCESS_DENIED), (409, 20409))
LIMITS = MappingProxyType(
    {
        counters.COOLDOWN: (429, 60212, "Too many requests for this phone number in a short time"),
        "destination_sends_per_10_minutes": (429, 60203, "Max send attempts reached"),
        "destination_sends_per_day": (429, 60203, "Max send attempts reached"),
        pumping_guard.LIMIT: (
            403,
            60410,
            "The destination is temporarily blocked: too few codes are entered",
        ),
    }
)
TEXTS = MappingProxyType(
    {
        400: "Bad request",
        405: "Method not allowed",
        413: "The body is too large",
        415: "The body must be application/x-www-form-urlencoded",
        500: "Something went wrong on our side",
    }
)


def answer_errors_of(blueprint: Blueprint, words: Words) -> None:
    """Answer every error of a blueprint's views, regardless of the application's error pages."""
    for status in default_exceptions:  # an error page for one status would win over a handler for all
        blueprint.register_error_handler(status, partial(answer, words=words))
    blueprint.register_error_handler(Exception, partial(answer, words=words))


def answer_unknown_addresses(app: Flask) -> None:
    """Answer unknown addresses and methods below `/twilio`; they belong to no blueprint."""

    @app.before_request
    def refuse() -> Response | None:
        error = request.routing_exception
        ours = request.path == ROOT or request.path.startswith(f"{ROOT}/")
        if error is None or not ours or isinstance(error, RequestRedirect):
            return None
        return answer(error)


def answer(error: Exception, words: Words = PLAIN) -> Response:
    """Return Twilio's body for `error`."""
    if isinstance(error, RequestRedirect):
        return error.get_response()  # type: ignore[return-value]
    if isinstance(error, Refused):
        return body(error.status, error.code, str(error))
    if isinstance(error, HTTPException):
        return _of_http(error)
    if isinstance(error, LimitExceeded):
        return _of_limit(error)
    if isinstance(error, SendcodeError) and (found := _of_domain(error, words)) is not None:
        return found
    if is_outage(error):
        log.error("the database did not answer: %s", type(error).__name__)
        return body(503, 20503, "Try again in a few seconds", {"Retry-After": str(RETRY_SECONDS)})
    log.error("unexpected error in %s", request.endpoint, exc_info=error)
    return body(500, 20500, TEXTS[500])


def body(status: int, code: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return an error as Twilio writes it."""
    members = {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    every = {**HEADERS, **(headers or {})}
    return fault(Response(json.dumps(members), status, every, content_type="application/json"), code)


def _of_http(error: HTTPException) -> Response:
    status = error.code or 500
    if status == HTTPStatus.NOT_FOUND:
        return _not_found()
    kept = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    code = NO_METHOD if status == HTTPStatus.METHOD_NOT_ALLOWED else 20000 + status
    return body(status, code, TEXTS.get(status) or HTTPStatus(status).phrase, kept)


def _not_found() -> Response:
    path = request.path.removeprefix(ROOT).removeprefix("/v2")[:LONGEST_PATH]
    return body(404, 20404, f"The requested resource {path} was not found")


def _of_limit(error: LimitExceeded) -> Response:
    part(Refusals).note(error)
    if isinstance(error, VerificationLocked | DestinationLocked):
        found = (429, 60202, "Max check attempts reached")
    else:
        found = LIMITS.get(error.limit, (429, TOO_MANY, f"Too many requests: {error.limit}"))
    return body(*found, {"Retry-After": str(error.retry_after)})


def _of_domain(error: SendcodeError, words: Words) -> Response | None:
    if isinstance(error, NotAuthenticated):
        return body(401, AUTHENTICATE, "Authenticate", {"WWW-Authenticate": 'Basic realm="Twilio API"'})
    if isinstance(error, NotAllowed):
        return body(403, ACCESS_DENIED, f"Access denied: {error}")
    if isinstance(error, NotFound):
        return _not_found()
    if isinstance(error, CountryNotAllowed):
        return body(*words.country, str(error.problems[0].message))
    if isinstance(error, InvalidInput):
        one = error.problems[0]
        name = words.names.get(one.field, one.field)
        return body(
            400, words.fields.get(one.field, words.invalid), f"Invalid parameter `{name}`: {one.message}"
        )
    if isinstance(error, Conflict):
        return body(*words.conflict, str(error))
    return None

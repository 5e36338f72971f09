"""Every error as RFC 9457 problem+json; the only place that maps errors to HTTP statuses."""

import json
import logging
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException, default_exceptions
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.routing import RequestRedirect

from api.paths import is_ours
from domain.errors import (
    Conflict,
    ForgedReceipt,
    InvalidInput,
    LimitExceeded,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    SendcodeError,
)
from domain.sheets import BadRows
from services.limits.refusals import Refusals
from services.process import request_ids
from services.process.parts import part
from services.request_log.answers import fault
from services.storage.waits import is_outage

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 20
MOST_ROWS = 10_000
"""Bad rows of a file that are listed; the detail counts all."""
RETRY_SECONDS = 2

STATUSES: dict[type[SendcodeError], int] = {
    NotAuthenticated: 401,
    ForgedReceipt: 401,
    NotAllowed: 403,
    NotFound: 404,
    Conflict: 409,
    InvalidInput: 422,
    LimitExceeded: 429,
}
DETAILS = {
    404: "There is nothing at this address.",
    405: "This address does not support the method.",
    413: "The body is too large.",
}


def answer_errors_of(blueprint: Blueprint) -> None:
    """Answer every error of a blueprint's views as a problem, regardless of the application's error pages."""
    for status in default_exceptions:  # an error page for one status would win over a handler for all
        blueprint.register_error_handler(status, answer)
    blueprint.register_error_handler(Exception, answer)


def answer_unknown_addresses(app: Flask) -> None:
    """Answer unknown addresses and methods of the API as problems; they belong to no blueprint."""

    @app.before_request
    def refuse() -> Response | None:
        error = request.routing_exception
        if error is None or isinstance(error, RequestRedirect) or not is_ours():
            return None
        return answer(error)


def answer(error: Exception) -> Response:
    """Return the problem for `error`, without repeating anything that the caller sent."""
    if isinstance(error, RequestRedirect):
        return error.get_response()  # type: ignore[return-value]
    if isinstance(error, HTTPException):
        return _http_problem(error)
    if isinstance(error, SendcodeError):
        for kind in type(error).__mro__:
            if kind in STATUSES:
                return _domain_problem(error, STATUSES[kind])
    if is_outage(error):
        log.error("the database did not answer: %s", type(error).__name__)
        return problem(
            503,
            "unavailable",
            "The database does not answer. Try again in a few seconds.",
            headers={"Retry-After": str(RETRY_SECONDS)},
        )
    log.error("unexpected error in %s", request.endpoint, exc_info=error)
    return problem(500, "internal_error", "Something went wrong on our side.")


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    extra: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """Return a problem; its title is the HTTP status phrase, as RFC 9457 4.2.1 recommends for `about:blank`."""
    members = {
        "type": "about:blank",
        "title": HTTP_STATUS_CODES[status],
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": request_ids.current(),
        **(extra or {}),
    }
    return fault(Response(json.dumps(members), status, headers, content_type=MEDIA_TYPE), code)


def _http_problem(error: HTTPException) -> Response:
    status = error.code or 500
    code = HTTP_STATUS_CODES[status].lower().replace(" ", "_").replace("-", "_").replace("'", "")
    headers = {
        name: value for name, value in error.get_headers() if name not in ("Content-Type", "Content-Length")
    }
    detail = DETAILS.get(status) or error.description or HTTP_STATUS_CODES[status]
    return problem(status, code, detail, headers=headers)


def _domain_problem(error: SendcodeError, status: int) -> Response:
    extra: dict[str, Any] = {}
    headers: dict[str, str] = {}
    detail = str(error) or HTTP_STATUS_CODES[status]
    if isinstance(error, InvalidInput):
        problems = error.problems[:MOST_ERRORS]
        extra["errors"] = [{"field": one.field, "message": one.message} for one in problems]
        if isinstance(error, BadRows):
            extra["errors"] = [asdict(row) for row in error.rows[:MOST_ROWS]]
        detail = detail if len(error.problems) == 1 else f"{len(error.problems)} fields are invalid"
    if isinstance(error, LimitExceeded):
        part(Refusals).note(error)
        extra["limit"] = error.limit
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, NotAuthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return problem(status, error.code, detail, extra=extra, headers=headers)

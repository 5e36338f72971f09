"""Take a note of an answer to a program. Each door calls `begin` before, and `note` after a request."""

import re
import time
from functools import lru_cache

from flask import Response, g, request

from models.api_request import LONGEST_PATH
from services.process import request_ids
from services.process.parts import part
from services.request_log.noting import RequestLog
from services.request_log.writing import FIRST_ERROR

_ARGUMENT = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")


def begin() -> None:
    """Begin to measure the time that the answer takes."""
    g.began = time.perf_counter()


def fault(response: Response, code: str | int) -> Response:
    """Return an error's answer, with its code kept for the log."""
    response.fault = str(code)  # type: ignore[attr-defined]
    return response


def note(response: Response) -> Response:
    """Note the answer to the key in `g.caller`; a request without a valid key belongs to nobody."""
    caller, rule = g.get("caller"), request.url_rule
    if caller is not None and rule is not None:
        code = getattr(response, "fault", None) if response.status_code >= FIRST_ERROR else None
        took = time.perf_counter() - g.began
        method, path = request.method[:8], _template(rule.rule)
        part(RequestLog).note(
            caller.id, method, path, response.status_code, code, took, request_ids.current()
        )
    return response


@lru_cache(maxsize=1000)
def _template(rule: str) -> str:
    """Return a path as the OpenAPI document has it, without what was in the place of its arguments."""
    return _ARGUMENT.sub(r"{\1}", rule)[:LONGEST_PATH]

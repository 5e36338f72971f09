"""The id of the current request: in the answer, in its problem document, and in every line that it logs."""

import logging
import re
from typing import Any

from flask import Flask, Response, g, has_request_context, request

from domain.codes import new_id
from domain.log_lines import REQUEST_MARK

HEADER = "X-Request-Id"
_PLAIN = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9._-]{8,64}")
"""What is taken over from a caller or a proxy: it fits into a line of a log, and can't be a number or most codes."""


def init_app(app: Flask) -> None:
    """Add the header to every answer of `app`, and the id to the lines that its requests log."""
    app.after_request(_add)
    plain = logging.getLogRecordFactory()
    if not isinstance(plain, _Factory):
        logging.setLogRecordFactory(_Factory(plain))


def current() -> str:
    """Return the id of the current request: the one that was sent, if it is short and plain, else one of ours."""
    if "request_id" not in g:
        sent = request.headers.get(HEADER, "")
        g.request_id = sent if is_one(sent) else new_id()
    id: str = g.request_id
    return id


def is_one(text: str) -> bool:
    """Tell whether a text may be a request id."""
    return _PLAIN.fullmatch(text) is not None


def _add(response: Response) -> Response:
    response.headers[HEADER] = current()
    return response


class _Factory:
    """Makes log records: those of a request end with its id, and have it as `request_id` for other formats."""

    def __init__(self, plain: Any):
        self._plain = plain

    def __call__(self, *args: Any, **options: Any) -> logging.LogRecord:
        record: logging.LogRecord = self._plain(*args, **options)
        if has_request_context() and isinstance(record.msg, str):
            record.__dict__["request_id"] = id = current()
            record.msg += REQUEST_MARK.format(id)
        return record

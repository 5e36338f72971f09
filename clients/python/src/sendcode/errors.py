"""Every error of the client. None holds a code or a key.

SendcodeError
    Refused            the service answered, and it was no
        InvalidInput       MalformedCode, InvalidDestination, BadRows
        NotAuthenticated, NotAllowed, NotFound, Conflict
        LimitExceeded      VerificationLocked, DestinationLocked
    Unavailable        no answer in time, or 5xx: nothing is known to be wrong with the call
    InvalidSignature   a webhook that was not signed with one of the secrets
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class SendcodeError(Exception):
    """Any error of this client."""


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field."""

    field: str
    message: str


@dataclass(frozen=True)
class RowError:
    """What is wrong with one row of a file; `column` is empty where it is the whole row."""

    row: int
    column: str
    code: str
    detail: str


class Refused(SendcodeError):
    """Raised when the service refuses a call (RFC 9457). `code` is for programs, `detail` for developers.

    `request_id` is what the log of the service calls this request, empty where the answer does not tell.
    """

    request_id = ""

    def __init__(self, code: str, detail: str = "", *, status: int = 0) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail
        self.status = status


class InvalidInput(Refused):
    """Raised when a field is wrong; `errors` names each. Nothing was done."""

    def __init__(
        self, code: str, detail: str = "", *, status: int = 422, errors: tuple[FieldError, ...] = ()
    ) -> None:
        super().__init__(code, detail, status=status)
        self.errors = errors


class InvalidDestination(InvalidInput):
    """Raised when `to` is no single number or address, or is in a country that is not served."""


class MalformedCode(InvalidInput):
    """Raised when what was typed can't be a code. Costs no attempt."""


class BadRows(InvalidInput):
    """Raised when a file has bad rows, and all of it was to be sent: nothing is. `rows` names up to 10,000."""

    rows: tuple[RowError, ...] = ()


class NotAuthenticated(Refused):
    """Raised when the key is unknown or revoked."""


class NotAllowed(Refused):
    """Raised when the key lacks the scope, or may not be used from here."""


class NotFound(Refused):
    """Raised when there is no such thing, or another key made it."""


class Conflict(Refused):
    """Raised when a thing is past the point where this could be done."""


class LimitExceeded(Refused):
    """Raised at a limit: `limit` is its name, `retry_after` the seconds to wait, None if waiting does not help."""

    def __init__(
        self,
        code: str = "limit_exceeded",
        detail: str = "",
        *,
        status: int = 429,
        limit: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(code, detail, status=status)
        self.limit = limit
        self.retry_after = retry_after


class VerificationLocked(LimitExceeded):
    """Raised by a check when no attempts are left: issue a new code."""


class DestinationLocked(LimitExceeded):
    """Raised by a check after too many wrong codes for one destination today."""


class Unavailable(SendcodeError):
    """Raised when no answer came within the deadline, or only 5xx.

    A POST may be repeated safely with the same `idempotency_key`: it is the one that was sent.
    """

    def __init__(self, reason: str, *, status: int | None = None, idempotency_key: str | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.idempotency_key = idempotency_key


class InvalidSignature(SendcodeError):
    """Raised when a webhook is unsigned, signed with another secret, or too old."""


BY_CODE: dict[str, type[Refused]] = {
    "bad_rows": BadRows,
    "malformed_code": MalformedCode,
    "invalid_destination": InvalidDestination,
    "country_not_allowed": InvalidDestination,
    "verification_locked": VerificationLocked,
    "destination_locked": DestinationLocked,
}
BY_STATUS: dict[int, type[Refused]] = {
    400: InvalidInput,
    401: NotAuthenticated,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    413: InvalidInput,
    415: InvalidInput,
    422: InvalidInput,
    429: LimitExceeded,
}


def refusal(status: int, headers: Mapping[str, str], content: bytes) -> Refused:
    """Return the error for a 4xx answer; one that is no problem document is named after its status."""
    error = _refusal(status, headers, _problem(content))
    error.request_id = headers.get("x-request-id", "")
    return error


def _refusal(status: int, headers: Mapping[str, str], problem: Mapping[str, Any]) -> Refused:
    code = str(problem.get("code") or f"http_{status}")
    detail = str(problem.get("detail") or "")
    kind = BY_CODE.get(code) or BY_STATUS.get(status) or Refused
    errors = [one for one in problem.get("errors") or () if isinstance(one, dict)]
    if issubclass(kind, BadRows):
        bad = kind(code, detail, status=status)
        bad.rows = tuple(map(_row, errors))
        return bad
    if issubclass(kind, InvalidInput):
        fields = tuple(FieldError(str(one.get("field")), str(one.get("message"))) for one in errors)
        return kind(code, detail, status=status, errors=fields)
    if issubclass(kind, LimitExceeded):
        limit = str(problem.get("limit") or "")
        return kind(code, detail, status=status, limit=limit, retry_after=seconds(headers))
    return kind(code, detail, status=status)


def _row(one: Mapping[str, Any]) -> RowError:
    row, words = one.get("row"), [str(one.get(name) or "") for name in ("column", "code", "detail")]
    return RowError(row if isinstance(row, int) else 0, *words)


def code_of(content: bytes) -> str:
    """Return the `code` of a problem document, empty if it is none."""
    return str(_problem(content).get("code") or "")


def seconds(headers: Mapping[str, str]) -> float | None:
    """Return `Retry-After` in seconds; None if there is none, or a date, which the service never sends."""
    text = headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() else None


def _problem(content: bytes) -> dict[str, Any]:
    try:
        problem = json.loads(content)
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}

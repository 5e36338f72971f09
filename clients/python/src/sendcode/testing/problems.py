"""What the fake answers where it refuses."""

import json
from typing import Any
from uuid import uuid4

from sendcode.conversation import Answer


class Problem(Exception):
    """Raised by the fake's own calls; becomes a problem document."""

    def __init__(
        self, status: int, code: str, *, retry_after: int | None = None, extra: dict[str, Any] | None = None
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.retry_after = retry_after
        self.extra = extra or {}

    def answer(self) -> Answer:
        """Return the answer as the service gives it (RFC 9457)."""
        headers = {"content-type": "application/problem+json", "x-request-id": uuid4().hex}
        if self.retry_after is not None:
            headers["retry-after"] = str(self.retry_after)
        members = {"type": "about:blank", "title": self.code, "status": self.status, "code": self.code}
        told = {"detail": "the fake says so", "request_id": headers["x-request-id"]}
        content = json.dumps({**members, **told, **self.extra}).encode()
        return Answer(self.status, headers, content)


def invalid(field: str, message: str, code: str = "invalid_input") -> Problem:
    """Return the refusal of one field."""
    return Problem(422, code, extra={"errors": [{"field": field, "message": message}]})

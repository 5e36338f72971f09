"""Limits as answers."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse

from sendcode.errors import LimitExceeded


class LimitMiddleware:
    """Answers 429 with `Retry-After` where a view lets LimitExceeded through."""

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: Any, error: Exception) -> Any:
        """Answer a limit."""
        if not isinstance(error, LimitExceeded):
            return None
        seconds = int(error.retry_after or 60)
        answer = HttpResponse(
            f"Too many codes. Try again in {seconds} s.", status=429, content_type="text/plain"
        )
        answer["Retry-After"] = str(seconds)
        return answer

"""What a view did not catch, as an answer."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from sendcode.django.texts import wait_text
from sendcode.errors import LimitExceeded, Unavailable

RETRY_SECONDS = 5


class SendcodeMiddleware:
    """Answers 429 where a view lets LimitExceeded through and 503 for Unavailable, both with `Retry-After`."""

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: Any, error: Exception) -> Any:
        """Answer these two."""
        if isinstance(error, LimitExceeded):
            return _answer(429, wait_text(error), int(error.retry_after or 60))
        if isinstance(error, Unavailable):
            return _answer(503, _("No code can be sent at the moment."), RETRY_SECONDS)
        return None


def _answer(status: int, text: str, seconds: int) -> Any:
    answer = HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
    answer["Retry-After"] = str(seconds)
    return answer

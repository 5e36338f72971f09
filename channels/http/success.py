"""Which 2xx answers mean success: many providers answer 200 and say in the body that they refused."""

import json
import re
from typing import Any

from channels.options import Options
from domain.errors import GatewayError, TemporaryGatewayError


class Success:
    """A rule about the body of an answer: a value in its JSON, or a pattern in its text."""

    def __init__(self, *, path: str = "", equals: str = "", matches: str = "", temporary: bool = False):
        """Take `path` (keys and list positions joined by dots) with `equals`, or `matches`.

        Raises re.error where `matches` is not a regular expression.
        """
        self._path = path.split(".") if path else None
        self._equals = equals
        self._matches = re.compile(matches)
        self._temporary = temporary

    def check(self, body: bytes) -> None:
        """Raise GatewayError, or TemporaryGatewayError if so configured, unless the answer means success."""
        if not self._met(body):
            kind = TemporaryGatewayError if self._temporary else GatewayError
            raise kind("the provider's answer does not meet `success`")

    def _met(self, body: bytes) -> bool:
        if self._path is None:
            return self._matches.search(body.decode(errors="replace")) is not None
        try:
            found = json.loads(body)
            for step in self._path:
                found = found[int(step) if isinstance(found, list) else step]
        except (ValueError, LookupError, TypeError, RecursionError):
            return False
        return _text(found) == self._equals


def read_success(options: Options | None) -> Success | None:
    """Read the table `success`. Raises ConfigurationError."""
    if options is None:
        return None
    temporary = options.flag("temporary")
    if options.has("json"):
        rule = Success(path=options.text("json"), equals=_equals(options), temporary=temporary)
    else:
        pattern = options.text("matches")
        try:
            rule = Success(matches=pattern, temporary=temporary)
        except re.error:
            raise options.error("matches", "is not a regular expression") from None
    options.finish()
    return rule


def _equals(options: Options) -> str:
    value = options.anything("equals")
    if not isinstance(value, str | int | bool):
        raise options.error("equals", "must be a text, a number, true or false")
    return _text(value)


def _text(value: Any) -> str:
    """Return a value as text, so that 0 equals "0" and true equals "true"."""
    return value if isinstance(value, str) else json.dumps(value)

"""Parse settings from the environment, where every value is a text."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from domain.errors import ConfigurationError

EVERY_OTHER = "*"
CERT_REQS = re.compile(r"(?<=[?&])(ssl_cert_reqs=)([^&;#]*)")
CERTIFICATES = {"required", "optional", "none"}


def parse(name: str, text: str, default: Any) -> Any:
    """Return the value of a setting, of the same type as its default; raises ConfigurationError."""
    if isinstance(default, bool):
        if text.lower() in ("1", "true", "yes", "on"):
            return True
        if text.lower() in ("0", "false", "no", "off", ""):
            return False
        raise ConfigurationError(f"{name} must be true or false")
    if isinstance(default, int) or default is None:
        if text == "":
            return default
        if not (text.isascii() and text.isdigit()):
            raise ConfigurationError(f"{name} must be a whole number, 0 or more")
        return int(text)
    if isinstance(default, list):
        return listed(text)
    return text


def listed(given: str | Iterable[str]) -> list[str]:
    """Return the parts of `a, b`, or of a list, without empty ones and spaces."""
    parts = given.split(",") if isinstance(given, str) else given
    return [part.strip() for part in parts if part.strip()]


def parse_free(text: str) -> Any:
    """Read a `CELERY_*` value as JSON where it is JSON (true, 5, {"a": 1}), else as text."""
    try:
        return json.loads(text.lower() if text.lower() in ("true", "false", "none") else text)
    except ValueError:
        return text


def redis_url(name: str, url: str) -> str:
    """Return the URL of a Redis in words that Celery and redis-py both understand; other URLs as they are.

    Celery writes ssl_cert_reqs=CERT_NONE where redis-py knows `none` only, and wants it to be said for results.
    Raises ConfigurationError.
    """

    def spelled(found: re.Match[str]) -> str:
        wanted = found[2].lower().removeprefix("cert_")
        if wanted not in CERTIFICATES:
            raise ConfigurationError(f"{name}: ssl_cert_reqs must be required, optional or none")
        return found[1] + wanted

    if not url.startswith("rediss://"):
        return url
    url = CERT_REQS.sub(spelled, url)
    if "ssl_cert_reqs=" not in url and name == "CELERY_RESULT_BACKEND":
        url += f"{'&' if '?' in url else '?'}ssl_cert_reqs=required"
    return url


def by_country(name: str, given: Mapping[str, int] | Iterable[str]) -> dict[str, int]:
    """Return a number for each country of `CN=5000, *=200`; a number alone is for every country.

    Raises ConfigurationError.
    """
    if isinstance(given, Mapping):
        return dict(given)
    found: dict[str, int] = {}
    for part in given:
        country, separator, number = part.rpartition("=")
        if not (number.strip().isascii() and number.strip().isdigit()) or (separator and not country.strip()):
            raise ConfigurationError(f"{name} must be written as CN=5000,*=200 or as one number")
        found[country.strip().upper() or EVERY_OTHER] = int(number)
    return found

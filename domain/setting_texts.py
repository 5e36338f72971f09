"""Parse settings from the environment, where every value is a text."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from domain.errors import ConfigurationError

EVERY_OTHER = "*"


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

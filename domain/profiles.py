"""What an API key may have of its own: the names in its texts and in `From`, the form of its codes, its language."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.characters import has_control_characters, trimmed
from domain.errors import FieldProblem, InvalidInput
from domain.purposes import check_locale

LONGEST_SERVICE_NAME = 60
NUMBERS = {"code_length": (6, 10), "code_ttl_seconds": (60, 600), "code_attempts": (1, 100)}
"""The numbers that a key may have of its own, each with the least and the greatest value."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How the codes and notices of an owner are made; `code_attempts` 0 means no limit."""

    service_name: str
    code_length: int
    code_ttl_seconds: int
    code_attempts: int
    locale: str | None = None
    sender: str | None = None
    """The name that stands in the `From` of mails, and that gateways of type `http` get with an SMS."""


NAMES = tuple(Profile.__dataclass_fields__)


def of_installation(settings: Mapping[str, Any]) -> Profile:
    """Return what applies to an owner that has set nothing; its locale is decided with each text."""
    return Profile(**{name: settings[name.upper()] for name in NAMES if name.upper() in settings})


def check(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a key that were given, None and empty ones left out; raises InvalidInput with all faults.

    Numbers may be texts, as forms and command lines have them.
    """
    checked: dict[str, Any] = {}
    problems: list[FieldProblem] = []
    for name, value in given.items():
        text = trimmed(str(value)) if value is not None else ""
        if not text:
            continue
        try:
            checked[name] = _check(name, text)
        except InvalidInput as error:
            problems.extend(error.problems)
    if problems:
        raise InvalidInput(*problems)
    return {name: checked[name] for name in NAMES if name in checked}


def _check(name: str, text: str) -> int | str:
    if name in ("service_name", "sender"):
        if len(text) > LONGEST_SERVICE_NAME or has_control_characters(text):
            raise InvalidInput(
                FieldProblem(name, f"must be one line of at most {LONGEST_SERVICE_NAME} characters")
            )
        return text
    if name == "locale":
        return check_locale(text)
    if name not in NUMBERS:
        raise InvalidInput(FieldProblem(name, "is not a known setting"))
    lowest, highest = NUMBERS[name]
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and lowest <= int(text) <= highest):
        raise InvalidInput(FieldProblem(name, f"must be a number from {lowest} to {highest}"))
    return int(text)

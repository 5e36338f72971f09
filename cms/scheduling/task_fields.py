"""What our own tasks take, as fields of a schedule's form, so that nobody has to write JSON for them."""

from collections.abc import Mapping
from typing import Any

from cms.frame.languages import NAMES
from domain.errors import FieldProblem, InvalidDestination, InvalidInput
from domain.statuses import Channel
from domain.zones import parse_zone
from services import typed
from services.scheduling.task_roles import PURGE, REPORTS

KINDS: Mapping[str, str] = {PURGE: "purge", **dict.fromkeys(REPORTS, "report")}
"""The tasks that have fields, and which."""
FIELDS = {"purge": ("older_than_days",), "report": ("recipients", "locale", "report_zone")}
ARGUMENTS = {"report_zone": "zone"}
"""The names of arguments where those of the fields differ."""


def read(task: str, form: Mapping[str, str]) -> dict[str, Any]:
    """Return the arguments that were typed into a task's fields; raises InvalidInput, by the names of the fields."""
    found, problems = {}, []
    for field in FIELDS.get(KINDS.get(task, ""), ()):
        if field in form:
            try:
                value = READERS[field](form[field].strip())
            except InvalidInput as error:
                problems += [FieldProblem(field, one.message) for one in error.problems]
            else:
                if value is not None:
                    found[ARGUMENTS.get(field, field)] = value
    if problems:
        raise InvalidInput(*problems)
    return found


def fill(task: str, kwargs: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the fields that produce a task's arguments, and the arguments that have none."""
    fields, others = {}, dict(kwargs)
    for field in FIELDS.get(KINDS.get(task, ""), ()):
        name = ARGUMENTS.get(field, field)
        if name in others and (text := _text(field, others[name])) is not None:
            fields[field] = text
            del others[name]
    return fields, others


def _text(field: str, value: Any) -> str | None:
    """Return a value as it is typed; None where this field can't have it."""
    if field == "recipients" and isinstance(value, list) and all(isinstance(one, str) for one in value):
        return "\n".join(value)
    if field == "older_than_days":
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else None
    return value if isinstance(value, str) and (field != "locale" or value in NAMES) else None


def _recipients(text: str) -> list[str]:
    lines = [line.strip() for line in text.replace(",", "\n").splitlines()]
    wrong = []
    for number, line in enumerate(lines, 1):
        if line:
            try:
                typed.destination(Channel.EMAIL, line)
            except InvalidDestination:
                wrong.append(str(number))
    if wrong:
        raise InvalidInput(FieldProblem("recipients", ", ".join(wrong)))
    return [line for line in lines if line]


def _days(text: str) -> int | None:
    if text and not (text.isdecimal() and len(text) < 6):
        raise InvalidInput(FieldProblem("older_than_days", "must be a number"))
    return int(text) if text else None


def _locale(text: str) -> str | None:
    return text if text in NAMES else None


def _zone(text: str) -> str | None:
    parse_zone(text or "UTC")
    return text or None


READERS = {"recipients": _recipients, "older_than_days": _days, "locale": _locale, "report_zone": _zone}

"""What people enter for a gateway, as a table of gateways.toml; secrets that are left empty stay as they are."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from channels.fields import INTERFACE, Field, Form, Kind
from channels.making import Maker
from domain.errors import ConfigurationError, FieldProblem, InvalidInput
from services.roster.rows import Table

VARIABLE = re.compile(r"\$\{[^{}]*\}")
CLEARED = "clear-"
"""Before the name of a secret in a form: it is to be removed."""
HIDDEN = "•••"
FORM = "form"
"""The field of problems that no single field has."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a form shows of a gateway's settings: texts by field, and which secrets are set."""

    texts: Mapping[str, str]
    hidden: frozenset[str] = field(default_factory=frozenset)


def table_of(form: Form, typed: Mapping[str, str], kept: Table) -> dict[str, Any]:
    """Return the settings that were entered; `kept`: those that an empty secret keeps.

    Raises InvalidInput for what can't be read or is missing; `ensure_usable` checks the rest.
    """
    table: dict[str, Any] = {}
    problems: list[FieldProblem] = []
    for one in form.fields:
        text = typed.get(one.name, "").strip()
        old = {key: kept[key] for key in _keys(one) if key in kept}
        try:
            if text:
                table |= _read(one, text)
            elif any(one.hides(value) for value in old.values()) and not typed.get(f"{CLEARED}{one.name}"):
                table |= old
            elif one.is_required:
                problems.append(FieldProblem(one.name, "is missing"))
        except ValueError as error:
            problems.append(FieldProblem(one.name, str(error)))
    if problems:
        raise InvalidInput(*problems)
    return table


def ensure_usable(maker: Maker, form: Form, table: Table) -> None:
    """Make the gateway once, without connecting; raises InvalidInput with what gateways.toml would be refused for."""
    where = "entered"
    try:
        maker.make(table, where).close()
    except ConfigurationError as error:
        key, _, problem = str(error).removeprefix(f"{where}: ").partition(": ")
        name = "interface" if key in INTERFACE else key
        if name in {"name", *(one.name for one in form.fields)}:
            text = f"{key}: {problem}" if name == "interface" else problem
            raise InvalidInput(FieldProblem(name, text)) from None
        raise InvalidInput(FieldProblem(FORM, str(error).removeprefix(f"{where}: "))) from None


def shown(form: Form, table: Table) -> Entry:
    """Return what a form may show of stored settings."""
    texts, hidden = {}, set()
    for one in form.fields:
        old = [table[key] for key in _keys(one) if key in table]
        if any(one.hides(value) for value in old):
            hidden.add(one.name)
        elif old:
            texts[one.name] = _text(one, old[0])
    return Entry(texts, frozenset(hidden))


def differences(form: Form, before: Table, after: Table) -> tuple[list[str], list[str]]:
    """Return what the audit may say of a change: `key=value` of what differs, and of a secret only that it is there."""
    told: tuple[list[str], list[str]] = ([], [])
    for one in form.fields:
        values = [{key: table[key] for key in _keys(one) if key in table} for table in (before, after)]
        if values[0] != values[1]:
            is_hidden = any(one.hides(value) for side in values for value in side.values())
            for side, value in zip(told, values, strict=True):
                if value:
                    side.append(f"{one.name}={HIDDEN if is_hidden else _text(one, value[one.name])}")
    return told


def _keys(one: Field) -> tuple[str, ...]:
    return INTERFACE if one.kind is Kind.TOML else (one.name,)


def _read(one: Field, text: str) -> dict[str, Any]:
    """Return the keys of one field; raises ValueError with what is wrong with it, never with the text itself."""
    if one.kind is Kind.TOML:
        try:
            return _interface(text)
        except RecursionError:
            raise ValueError("is nested too deep") from None
    if VARIABLE.search(text):
        raise ValueError("variables such as ${NAME} work in gateways.toml only: enter the value itself")
    if one.kind is Kind.NUMBER or (one.kind is Kind.RATE and text.isdigit()):
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise ValueError("must be a whole number")
        return {one.name: int(text)}
    if one.kind is Kind.FLAG:
        return {one.name: True}
    if one.kind is Kind.COUNTRIES:
        return {one.name: [word.upper() for word in re.split(r"[\s,;]+", text) if word]}
    return {one.name: text}


def _interface(text: str) -> dict[str, Any]:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"can't be read: {error}") from None
    for key in table:
        if key not in INTERFACE:
            raise ValueError(f"{key}: is not a known key")
    if any(VARIABLE.search(one) for one in _texts(table)):
        raise ValueError("variables such as ${NAME} work in gateways.toml only: enter the value itself")
    try:
        json.dumps(table)
    except TypeError:
        raise ValueError("holds a date or time: write it as a text") from None
    return table


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def _text(one: Field, value: Any) -> str:
    if one.kind is Kind.COUNTRIES and isinstance(value, list):
        return ", ".join(value)
    return "on" if value is True else str(value)

"""A text with placeholders, compiled at the start: `{name}`, `{name|other}`, `{name?}`, `{name??}`, `{name:json}`."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from channels.placeholders.escaping import Escape, unchanged
from domain.errors import ConfigurationError
from domain.gateway_errors import GatewayError

Source = TypeVar("Source")
Value = Callable[[Source], str]

NAME = r"[A-Za-z_][A-Za-z0-9_.-]*"
HOLE = re.compile(rf"\{{({NAME}(?:\|{NAME})*)(\?\??)?(:json)?\}}")
BRACES = re.compile(r"\{([^{}]*)\}")


class Names(Generic[Source]):
    """The placeholders that are known at one place: values, the families of `family.<name>`, and constants.

    Parameters:
        families: by the part before the first dot, a function that returns the value for the rest of the name, or
            raises ConfigurationError.
        constants: known at the start.
    """

    def __init__(
        self,
        values: Mapping[str, Value[Source]],
        *,
        families: Mapping[str, Callable[[str], Value[Source]]] | None = None,
        constants: Mapping[str, str] | None = None,
    ):
        self._values = dict(values)
        self._families = dict(families or {})
        self.constants = dict(constants or {})

    def also(
        self,
        values: Mapping[str, Value[Source]],
        families: Mapping[str, Callable[[str], Value[Source]]] | None = None,
    ) -> "Names[Source]":
        """Return these placeholders and some more."""
        return Names(
            {**self._values, **values},
            families={**self._families, **(families or {})},
            constants=self.constants,
        )

    def find(self, key: str, name: str) -> Value[Source]:
        """Return the value behind a placeholder. Raises ConfigurationError where there is none."""
        if name in self.constants:
            constant = self.constants[name]
            return lambda _: constant
        if name in self._values:
            return self._values[name]
        family, dot, rest = name.partition(".")
        if dot and rest and family in self._families:
            return self._families[family](rest)
        raise ConfigurationError(f"{key}: {{{name}}} is not a placeholder")

    def knows(self, name: str) -> bool:
        """Tell whether a name is a placeholder."""
        try:
            self.find("", name)
        except ConfigurationError:
            return False
        return True


class Text(Generic[Source]):
    """See the module. Raises ConfigurationError, which names `key`, for a placeholder that is not known.

    Parameters:
        escape: makes the values safe for the place; the text around them is sent as it is written.
        strict: every brace must belong to a placeholder; otherwise what does not look like one is kept.
    """

    _takes_marks = False

    def __init__(
        self,
        key: str,
        template: str,
        names: Names[Source],
        *,
        escape: Escape = unchanged,
        strict: bool = True,
    ):
        self._escape = escape
        self._holes: list[tuple[str, Value[Source], bool]] = []
        """The text before each value, the value, and whether an empty one leaves out the whole text."""
        self.is_json = False
        """Whether the text is one value, to be sent as JSON and not as a text."""
        self.leaves_out_table = False
        """Whether an empty value leaves out the whole table that the text is in."""
        literal, end = "", 0
        for found in HOLE.finditer(template):
            literal += template[end : found.start()]
            end = found.end()
            if (found[2] or found[3]) and not self._takes_marks:
                raise ConfigurationError(f"{key}: {found[0]}: ? and :json are for fields of a table")
            alternatives, optional = found[1].split("|"), bool(found[2])
            value = _value(key, names, alternatives, required=not optional)
            constant = _constant(names, alternatives, optional=optional)
            if constant is not None:
                literal += escape(constant)
            else:
                self._holes.append((literal, value, optional))
                literal = ""
            self.is_json = self.is_json or bool(found[3])
            self.leaves_out_table = self.leaves_out_table or found[2] == "??"
            if self.is_json and found[0] != template:
                raise ConfigurationError(f"{key}: {found[0]} must be the whole value")
        self._end = literal + template[end:]
        self._is_value = len(self._holes) == 1 and not self._holes[0][0] and not self._end
        _refuse_misspelt(key, HOLE.sub("", template), names, strict=strict)

    @property
    def constant(self) -> str | None:
        """The whole text where it is the same for every message, else None."""
        return None if self._holes else self._end

    def fill(self, source: Source) -> str:
        """Return the text. Raises GatewayError where the message lacks a parameter."""
        filled: list[str] = []
        for literal, value, _ in self._holes:
            filled += (literal, self._escape(value(source)))
        filled.append(self._end)
        return "".join(filled)


class Field(Text[Source]):
    """The value of one field of a table, where `?` leaves out the field and `:json` stands for the whole value."""

    _takes_marks = True

    def given(self, source: Source) -> str | None:
        """Return the text as `fill` does; None where a value marked with `?` is empty."""
        if self._is_value:  # as most are, and joining one piece takes as long as all else
            _, value, optional = self._holes[0]
            given = value(source)
            return None if optional and not given else self._escape(given)
        filled: list[str] = []
        for literal, value, optional in self._holes:
            given = value(source)
            if optional and not given:
                return None
            filled += (literal, self._escape(given))
        filled.append(self._end)
        return "".join(filled)

    def value(self, source: Source) -> Any:
        """Return the text, or what it says in JSON where it is marked with `:json`; None as in `given`.

        Raises GatewayError.
        """
        given = self.given(source)
        if not self.is_json or given is None:
            return given
        try:
            return json.loads(given)
        except ValueError:
            raise GatewayError("a value marked with :json is not JSON") from None


def _constant(names: Names[Any], alternatives: Sequence[str], *, optional: bool) -> str | None:
    """Return what a placeholder always is, None where it depends on the message."""
    first = names.constants.get(alternatives[0])
    return first if first or (len(alternatives) == 1 and not optional) else None


def _value(key: str, names: Names[Source], alternatives: Sequence[str], *, required: bool) -> Value[Source]:
    """Return the first alternative that is not empty; a parameter may be missing where there is another way."""
    if required and len(alternatives) == 1:
        return names.find(key, alternatives[0])
    values = [_or_empty(names.find(key, name)) for name in alternatives]

    def first(source: Source) -> str:
        return next((found for value in values if (found := value(source))), "")

    return first


def _or_empty(value: Value[Source]) -> Value[Source]:
    def found(source: Source) -> str:
        try:
            return value(source)
        except GatewayError:
            return ""

    return found


def _refuse_misspelt(key: str, rest: str, names: Names[Any], *, strict: bool) -> None:
    """Raise ConfigurationError for braces that somebody expects to be filled in."""
    for found in BRACES.finditer(rest):
        name = found[1].strip()
        if name and name != found[1] and names.knows(name):
            raise ConfigurationError(f"{key}: write {{{name}}} without spaces")
        if strict:
            raise ConfigurationError(f"{key}: {found[0]} is not a placeholder")
    if strict and ("{" in rest or "}" in rest):
        raise ConfigurationError(f"{key}: a brace without its other one: {{ and }} are for placeholders only")

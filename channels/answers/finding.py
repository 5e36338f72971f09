"""Finding one value in an answer or a report: by a path in its JSON, an XML element, a pattern or a header."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from channels.answers.xml_texts import texts
from channels.options import Options

ABSENT: Any = object()
"""What is found where there is nothing; `None` is JSON's null."""

UNREAD: Any = object()


class Document:
    """A body with its headers, read in a format when somebody asks for it."""

    __slots__ = ("_body", "_headers", "_tree")

    def __init__(self, body: bytes, headers: Mapping[str, str]):
        self._body = body
        self._headers = headers
        self._tree = UNREAD

    @property
    def tree(self) -> Any:
        """The body as JSON; kept, because success, code and reference are often all in it."""
        if self._tree is UNREAD:
            self._tree = parsed(self._body)
        return self._tree

    @property
    def elements(self) -> dict[str, str]:
        """The texts of XML elements by their names."""
        return texts(self._body)

    @property
    def text(self) -> str:
        """The body as text."""
        return self._body.decode(errors="replace")

    def header(self, name: str) -> Any:
        """Return a header."""
        return next((value for given, value in self._headers.items() if given.lower() == name), ABSENT)


class Place(Protocol):
    """Where a value is."""

    def find(self, document: Document) -> Any:
        """Return the value, ABSENT where there is none."""


class JsonPaths:
    """The first of some paths that leads to a value."""

    def __init__(self, paths: Sequence[str]):
        self._paths = paths

    def find(self, document: Document) -> Any:
        """Return what is at the path."""
        return first_at(document.tree, self._paths)


class XmlElement:
    """The first element of a name."""

    def __init__(self, name: str):
        self._name = name

    def find(self, document: Document) -> Any:
        """Return its text."""
        return document.elements.get(self._name, ABSENT)


class Pattern:
    """The first group of a regular expression, or all of its match."""

    def __init__(self, pattern: re.Pattern[str]):
        self._pattern = pattern

    def find(self, document: Document) -> Any:
        """Return what matched."""
        found = self._pattern.search(document.text)
        if not found:
            return ABSENT
        return found[1] if self._pattern.groups and found[1] is not None else found[0]


class Header:
    """A header of the answer."""

    def __init__(self, name: str):
        self._name = name.lower()

    def find(self, document: Document) -> Any:
        """Return its value."""
        return document.header(self._name)


def parsed(body: bytes | str) -> Any:
    """Return JSON as Python values, ABSENT where it is not JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return ABSENT


def at(tree: Any, path: str) -> Any:
    """Return what is at a path of keys and list positions joined by dots; a key may contain dots itself."""
    if isinstance(tree, dict) and path in tree:
        return tree[path]
    step, dot, rest = path.partition(".")
    try:
        found = tree[int(step)] if isinstance(tree, list) else tree[step]
    except (ValueError, LookupError, TypeError):
        return ABSENT
    return at(found, rest) if dot else found


def first_at(tree: Any, paths: Sequence[str]) -> Any:
    """Return what is at the first path that leads to something other than null or an empty text."""
    first = ABSENT
    for path in paths:
        found = at(tree, path)
        if found is not ABSENT and found is not None and found != "":
            return found
        first = found if first is ABSENT else first
    return first


def as_text(found: Any) -> str | None:
    """Return a value as text, so that 0 equals "0" and true equals "true"; None where there is none."""
    if found is ABSENT:
        return None
    if type(found) is int:  # most codes; JSON writes true and false otherwise
        return str(found)
    return found if isinstance(found, str) else json.dumps(found)


def read_place(options: Options, key: str, default: Place) -> Place:
    """Read a place: a path, a list of paths, or a table with `json`, `xml`, `matches` or `header`.

    Raises ConfigurationError.
    """
    if not options.has(key):
        return default
    if not isinstance(options.anything(key), dict):
        return JsonPaths(options.texts_or_one(key))
    table = options.table(key)
    assert table is not None
    place = place_in(table)
    table.finish()
    if place is None:
        raise options.error(key, "needs json, xml, matches or header")
    return place


def place_in(options: Options) -> Place | None:
    """Read the place that a table names with one of its keys; None where it names none."""
    given = [key for key in ("json", "xml", "matches", "header") if options.has(key)]
    if len(given) > 1:
        raise options.error(given[1], f"can't be used together with {given[0]}")
    if not given:
        return None
    if given[0] == "json":
        return JsonPaths(options.texts_or_one("json"))
    if given[0] == "matches":
        return Pattern(pattern(options, "matches"))
    return XmlElement(options.text("xml")) if given[0] == "xml" else Header(options.text("header"))


def pattern(options: Options, key: str) -> re.Pattern[str]:
    """Read a regular expression. Raises ConfigurationError."""
    try:
        return re.compile(options.text(key))
    except re.error:
        raise options.error(key, "is not a regular expression") from None

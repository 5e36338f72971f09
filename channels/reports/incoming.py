"""One request with delivery reports: its fields, and the placeholders that a proof is made of."""

import hashlib
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from channels.answers.finding import ABSENT, as_text, at, parsed
from channels.answers.xml_texts import texts
from channels.placeholders.texts import Names
from channels.receipts import ReceiptRequest

MOST_FIELDS = 200
FORMATS = ("json", "form", "query", "xml")


class Incoming:
    """See the module. `format`: where the values are; a form that comes by GET is in the query."""

    def __init__(self, request: ReceiptRequest, format: str, json_in: str = ""):
        self.request = request
        self._format = format
        self._json_in = json_in

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """The fields of a form or a query in the order they came; empty where they can't be read."""
        in_query = self._format == "query" or (self._format == "form" and self.request.method == "GET")
        if not in_query and self._format != "form":
            return []
        try:
            text = urlsplit(self.request.url).query if in_query else self.request.body.decode()
            return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
        except ValueError:
            return []

    @cached_property
    def tree(self) -> Any:
        """All values; ABSENT where they can't be read, or where a field comes twice, so that none hides another."""
        if self._format == "json":
            inner = at(self.whole, self._json_in) if self._json_in else ABSENT
            return parsed(inner) if isinstance(inner, str) else self.whole
        if self._format == "xml":
            return texts(self.request.body) or ABSENT
        fields = dict(self.pairs)
        if not fields or len(fields) < len(self.pairs):
            return ABSENT
        return parsed(fields.get(self._json_in, "")) if self._json_in else fields

    @cached_property
    def whole(self) -> Any:
        """The body as JSON, with what is around the reports; ABSENT where it is not JSON."""
        return parsed(self.request.body)

    def header(self, name: str) -> str:
        """Return a header, empty where it is missing."""
        return self.request.headers.get(name.lower(), "")

    def field(self, path: str) -> str:
        """Return one value as text, empty where it is missing."""
        return as_text(at(self.tree, path)) or ""

    @property
    def body(self) -> str:
        """The body as text, from which the same bytes can be made again."""
        return self.request.body.decode(errors="surrogateescape")


def _header(name: str) -> Callable[[Incoming], str]:
    return lambda incoming: incoming.header(name)


def _field(name: str) -> Callable[[Incoming], str]:
    return lambda incoming: incoming.field(name)


def _hash_of_body(algorithm: str) -> Callable[[Incoming], str]:
    return lambda incoming: hashlib.new(algorithm, incoming.request.body, usedforsecurity=False).hexdigest()


def report_names(credentials: Mapping[str, str]) -> Names[Incoming]:
    """Return the placeholders for what a provider signs; docs/http-gateways.md explains them."""
    return Names(
        {
            "body": lambda incoming: incoming.body,
            "body.md5": _hash_of_body("md5"),
            "body.sha1": _hash_of_body("sha1"),
            "body.sha256": _hash_of_body("sha256"),
            "method": lambda incoming: incoming.request.method,
            "url": lambda incoming: incoming.request.url,
            "url.bare": lambda incoming: incoming.request.url.partition("?")[0],
            "fields.sorted": lambda incoming: "".join(
                name + value for name, value in sorted(set(incoming.pairs))
            ),
        },
        families={"header": _header, "field": _field},
        constants={f"keys.{name}": value for name, value in credentials.items()},
    )

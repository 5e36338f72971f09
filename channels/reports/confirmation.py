"""The table `receipts.confirm`: a company that wants an address visited before it reports."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from channels.answers.finding import as_text, at, pattern
from channels.options import Options
from domain.errors import FieldProblem, InvalidInput

Visit = Callable[[str], None]
"""Visits an address; raises InvalidInput where that fails."""


class Confirmation:
    """Finds the address in a post, and visits it if it is one of the company's."""

    def __init__(self, options: Options, visit: Visit):
        """Read the table. Raises ConfigurationError."""
        self._field = options.text("field")
        self._equals = options.word("equals")
        self._url = options.text("url")
        self._host = pattern(options, "host")
        self._visit = visit
        options.finish()

    def confirm(self, tree: Any) -> bool:
        """Tell whether a proven post asks for a confirmation, after giving it.

        Raises InvalidInput where the address is not https on the company's hosts, or can't be visited.
        """
        if as_text(at(tree, self._field)) != self._equals:
            return False
        url = as_text(at(tree, self._url)) or ""
        if not self._is_theirs(url):
            raise InvalidInput(FieldProblem("body", "the address to confirm is not one of the company's"))
        self._visit(url)
        return True

    def _is_theirs(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
            is_usual = parts.scheme == "https" and parts.port in (None, 443) and parts.username is None
        except ValueError:
            return False
        return is_usual and bool(self._host.fullmatch(parts.hostname or ""))

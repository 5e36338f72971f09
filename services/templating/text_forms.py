"""Templates rendered once for many messages: values that are only printed are filled in without Jinja.

The texts of two codes differ in the code alone, and rendering one with Jinja takes longer than everything else that a
worker does for a message.
"""

import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Template, nodes

MOST_FORMS = 256
"""Forms cached per template: one for each combination of its other parameters' values."""
_CAPTURING = (nodes.AssignBlock, nodes.FilterBlock, nodes.CallBlock, nodes.Macro)
"""Nodes that may change a text after it was printed, so that nothing can be filled in later."""
_SIGN = secrets.token_hex(8)
_PLACE = re.compile(rf"\ue000{_SIGN}(\w+)\ue001")


def printed_only(trees: Iterable[nodes.Template]) -> frozenset[str]:
    """Return the names that a template prints unchanged and uses for nothing else.

    `trees`: the template's own, and those of what it extends or includes.
    """
    used: Counter[str] = Counter()
    printed: Counter[str] = Counter()
    for tree in trees:
        if any(True for _ in tree.find_all(_CAPTURING)):
            return frozenset()
        used.update(name.name for name in tree.find_all(nodes.Name) if name.ctx == "load")
        printed.update(
            part.name
            for output in tree.find_all(nodes.Output)
            for part in output.nodes
            if isinstance(part, nodes.Name)
        )
    return frozenset(name for name, count in used.items() if printed[name] == count)


class Form:
    """One template; `variables` are the names it uses, `printed` those that it only prints.

    Printed values, such as codes, are never cached; the values of all other parameters are.
    """

    def __init__(
        self,
        template: Template,
        variables: frozenset[str],
        printed: frozenset[str],
        escape: Callable[[str], str] | None = None,
    ):
        self._template = template
        self._printed = variables & printed
        self._others = variables - printed
        self._escape = escape
        self._parts = lru_cache(MOST_FORMS)(self._render)

    def fill(self, params: Mapping[str, Any]) -> str:
        """Return the text; raises jinja2.TemplateError where the template or a parameter is missing."""
        if not self._printed <= params.keys():
            return self._template.render(params)  # Jinja raises the right error
        others = tuple([(name, params[name]) for name in self._others if name in params])
        parts = self._parts(others).copy()
        for at in range(1, len(parts), 2):
            value = str(params[parts[at]])
            parts[at] = self._escape(value) if self._escape else value
        return "".join(parts)

    def _render(self, others: tuple[tuple[str, Any], ...]) -> list[str]:
        """Return the text split at its places: literal parts, and at each odd index the name to fill in."""
        places = {name: f"\ue000{_SIGN}{name}\ue001" for name in self._printed}
        return _PLACE.split(self._template.render(dict(others), **places))

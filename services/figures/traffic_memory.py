"""A cache of what was read from roll-ups, valid until one of them changes: pages are viewed more often than that."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from flask import current_app

T = TypeVar("T")
State = tuple[int, int]
"""How many hours are rolled up, and the sum of their versions: it changes whenever any of them is written."""
MOST = 256
"""A quarter has ninety days, and each may begin between two hours."""


@dataclass(frozen=True, slots=True)
class Memory:
    """The last answer to each question, with the roll-ups' state when it was read. Callers must not alter an answer."""

    known: dict[Hashable, tuple[State, Any]] = field(default_factory=dict)

    def recall(self, question: Hashable, state: State, read: Callable[[], T]) -> T:
        """Return what `read` returned in this state; call it if there is no such answer."""
        found = self.known.get(question)
        if found is None or found[0] != state:
            if len(self.known) >= MOST:
                self.known.clear()
            found = self.known[question] = (state, read())
        return cast(T, found[1])


def memory() -> Memory:
    """Return this application's cache."""
    found: Memory = current_app.extensions.setdefault("sendcode_traffic", Memory())
    return found

"""A cache for one value, refreshed at most once in a given number of seconds, however many callers ask."""

import functools
import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from flask import current_app

T = TypeVar("T")
STORE = "sendcode_fresh"


class Fresh(Generic[T]):
    """Caches what `look` returns for some seconds; while one caller looks again, the others get the old value."""

    def __init__(self, look: Callable[[], T], seconds: float):
        self._look = look
        self._seconds = seconds
        self._lock = threading.Lock()
        self._found: tuple[float, T] | None = None

    def forget(self) -> None:
        """Drop the value, so that the next caller looks again."""
        self._found = None

    def get(self, look: Callable[[], T] | None = None) -> T:
        """Return the cached value, or a new one from `look` if it is too old; raises what looking raises."""
        found = self._found
        if found is not None and time.monotonic() < found[0]:
            return found[1]
        if not self._lock.acquire(blocking=found is None):
            assert found is not None
            return found[1]
        try:
            if self._found is found:  # no other caller looked while we waited
                self._found = (time.monotonic() + self._seconds, (look or self._look)())
            assert self._found is not None
            return self._found[1]
        finally:
            self._lock.release()


def once_in(seconds: float) -> Callable[[Callable[[], T]], Callable[[], T]]:
    """Have a function look at most once in so many seconds in each application; other calls return what it found."""

    def kept(look: Callable[[], T]) -> Callable[[], T]:
        @functools.wraps(look)
        def found() -> T:
            caches: dict[object, Fresh[Any]] = current_app.extensions.setdefault(STORE, {})
            fresh = caches.get(look) or caches.setdefault(look, Fresh(look, seconds))
            value: T = fresh.get()
            return value

        return found

    return kept

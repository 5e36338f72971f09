"""How long a gateway is left alone after it said that it takes no more just now: longer each time it says so again."""

import threading
import time
from collections.abc import Callable

LONGEST_SECONDS = 60.0
LONGEST_WISH_SECONDS = 300.0
"""A provider's `Retry-After` is obeyed up to here; then it is asked once more, whatever it said."""


class Pauses:
    """The pauses of this process. Safe to use from many threads at once.

    A pause doubles from one second with each rate limit that follows another; each message that is taken halves the
    next one, so that the gateway is soon asked about as often as it takes something.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}
        self._level: dict[str, int] = {}

    def limited(self, name: str, retry_after: float | None) -> None:
        """Begin a pause; sends that were in flight when it began don't make it longer."""
        with self._lock:
            now = self._clock()
            wish = min(retry_after or 0.0, LONGEST_WISH_SECONDS)
            if now >= self._until.get(name, 0.0):
                level = self._level[name] = min(self._level.get(name, 0) + 1, 7)
                self._until[name] = now + min(2.0 ** (level - 1), LONGEST_SECONDS)
            self._until[name] = max(self._until[name], now + wish)

    def worked(self, name: str) -> None:
        """Note that a gateway took a message."""
        if name not in self._level:
            return
        with self._lock:
            if self._clock() >= self._until.get(name, 0.0):
                self._level[name] = max(self._level.get(name, 0) - 1, 0)
                if not self._level[name]:
                    self._level.pop(name)
                    self._until.pop(name, None)

    def left(self, name: str) -> float:
        """Return the seconds for which a gateway is still to be left alone, 0.0 where it may be asked."""
        until = self._until.get(name)
        return 0.0 if until is None else max(0.0, until - self._clock())

"""A circuit breaker: stop asking a server for a while after it has failed."""

import time


class Breaker:
    """Open for some seconds after a failure, so that one caller waits for a dead server and not all of them."""

    def __init__(self, seconds: float = 5.0):
        self._seconds = seconds
        self._open_until = 0.0

    @property
    def is_open(self) -> bool:
        """Tell whether the server should not be asked now."""
        return time.monotonic() < self._open_until

    def trip(self) -> None:
        """Note a failure."""
        self._open_until = time.monotonic() + self._seconds

"""Requests to stop: Ctrl-C, SIGTERM, or a closed terminal."""

import signal
import threading
from types import FrameType


class StoppedError(Exception):
    """Raised where work ends because a stop was requested."""


class Stop:
    """Counts the requests to stop; the signal handler does nothing else, so it is safe at any moment."""

    def __init__(self) -> None:
        self.asked = 0

    def listen(self) -> None:
        """Handle the signals that ask this process to end. Call it in the main thread."""
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):  # the last one is Windows' Ctrl-Break
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._count)

    @property
    def at_once(self) -> bool:
        """Whether a second request means to stop at once."""
        return self.asked > 1

    def check(self) -> None:
        """Raise StoppedError if a stop was requested."""
        if self.asked:
            raise StoppedError

    def wait(self, seconds: float) -> None:
        """Wait, while signal handlers can run."""
        threading.Event().wait(seconds)

    def _count(self, _number: int, _frame: FrameType | None) -> None:
        self.asked += 1

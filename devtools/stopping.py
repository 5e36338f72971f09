"""Being asked to stop: by Ctrl-C, by SIGTERM, by a closed terminal."""

import signal
import threading
from types import FrameType


class StoppedError(Exception):
    """Raised where work ends because somebody asked for it."""


class Stop:
    """Counts the requests; the signal handler does nothing else, so it can't come at a bad moment."""

    def __init__(self) -> None:
        self.asked = 0

    def listen(self) -> None:
        """Take the signals that ask this process to end. Call it in the main thread."""
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):  # the last one is Windows' Ctrl-Break
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._count)

    @property
    def at_once(self) -> bool:
        """Whether somebody lost patience and asked twice."""
        return self.asked > 1

    def check(self) -> None:
        """Raise StoppedError if a stop was asked for."""
        if self.asked:
            raise StoppedError

    def wait(self, seconds: float) -> None:
        """Wait; a signal's handler runs meanwhile."""
        threading.Event().wait(seconds)

    def _count(self, _number: int, _frame: FrameType | None) -> None:
        self.asked += 1

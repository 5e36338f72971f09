"""How long a caller waits for the database: a request a few seconds, a worker or a command as long as it takes.

A request sets its patience at its beginning. Every wait takes from it: for a connection, for SQLite's write lock, for
a row lock, for an answer. `watch.py` ends those that the server does not.
"""

import time
from contextvars import ContextVar
from dataclasses import dataclass, replace

from sqlalchemy.exc import TimeoutError as NoConnection

REQUEST_SECONDS = 3.0
"""A caller of the API gets its 503 within five seconds, even if a new connection is tried after that."""
CONNECT_SECONDS = 2
"""The shortest that PostgreSQL's driver knows."""
STALLED_SECONDS = 0.5
"""While the database answers nobody, so that requests queued for a thread are refused in time as well."""
STALLED_FOR = 2.0
LONG_SECONDS = 60.0
BACKGROUND_SECONDS = 10.0
"""How long a worker waits for a sign of life on a connection before it opens another."""


class NoAnswer(NoConnection):
    """Raised when the database did not answer while the caller was willing to wait."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each wait may take: for a lock, a connection, a sign of life; and each statement; in seconds."""

    waits: float
    runs: float
    until: float | None
    """When all waiting ends, by `time.monotonic()`; None: each wait begins anew."""
    tells_server: bool

    @property
    def limits(self) -> tuple[int, int] | None:
        """Milliseconds for a lock and for a statement, as the server is told; None: its own defaults."""
        return (int(self.waits * 1000), int(self.runs * 1000)) if self.tells_server else None


_current: ContextVar[Patience | None] = ContextVar("patience", default=None)
_stalled_until = 0.0


def begin() -> None:
    """Begin a request."""
    now = time.monotonic()
    seconds = STALLED_SECONDS if now < _stalled_until else REQUEST_SECONDS
    _current.set(Patience(seconds, seconds, now + seconds, tells_server=True))


def end(_: object = None) -> None:
    """End a request."""
    _current.set(None)


def take_time() -> None:
    """Let each statement of this request run for a minute, as lists, figures and bulk need; waits stay as short."""
    mine = _current.get()
    if mine is not None:
        _current.set(replace(mine, runs=LONG_SECONDS, until=None))


def in_background(seconds: float) -> None:
    """Let this thread wait at most `seconds` for any answer from now on; the server's own limits hold."""
    _current.set(Patience(seconds, seconds, None, tells_server=False))


def current() -> Patience | None:
    """Return the patience of the request; None outside of one."""
    return _current.get()


def left() -> float | None:
    """Return for how many seconds the caller still waits; None: as long as it takes."""
    mine = _current.get()
    if mine is None:
        return None
    return mine.waits if mine.until is None else max(0.0, mine.until - time.monotonic())


def note_stall() -> None:
    """Note that a request waited in vain; for two seconds the next ones wait only briefly."""
    global _stalled_until
    _stalled_until = time.monotonic() + STALLED_FOR


def is_stalled() -> bool:
    """Tell whether a request waited in vain a moment ago."""
    return time.monotonic() < _stalled_until

"""A long body that its reader gets while it arrives, so that nothing of it is kept for somebody without a key."""

import threading
from collections.abc import Callable

WINDOW = 256 * 1024
"""Bytes that wait for the reader; while there are more the client is not read from."""


class BrokenBody(OSError):
    """Raised to the reader of a body whose sender has gone or was too slow."""


class Stream:
    """A buffer of waitress: the server's loop appends, one thread of the application reads."""

    def __init__(self) -> None:
        self.received = 0
        self.is_whole = False
        self.on_room: Callable[[], None] = lambda: None
        self._waiting = bytearray()
        self._changed = threading.Condition()
        self._is_broken = False

    def __len__(self) -> int:
        return self.received

    def __bool__(self) -> bool:
        return True

    @property
    def has_room(self) -> bool:
        """Whether more may be received now."""
        return len(self._waiting) < WINDOW

    def append(self, data: bytes) -> None:
        """Take what arrived."""
        with self._changed:
            if not self._is_broken:
                self._waiting += data
            self.received += len(data)
            self._changed.notify()

    def end(self) -> None:
        """Say that all has arrived."""
        with self._changed:
            self.is_whole = True
            self._changed.notify()

    def close(self) -> None:
        """Say that no more will arrive, or be read; a reader gets BrokenBody unless it has all."""
        with self._changed:
            self._is_broken = not self.is_whole
            self._changed.notify()

    def getfile(self) -> "Stream":
        """Return what WSGI reads from."""
        return self

    def getbuf(self) -> "Stream":
        """Return the buffer that waitress closes after the request."""
        return self

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes as soon as there are some, all of them if it is negative; b"" at the end.

        Raises BrokenBody.
        """
        if size < 0:
            return b"".join(iter(lambda: self.read(WINDOW), b""))
        with self._changed:
            while not self._waiting and not self.is_whole and not self._is_broken:
                self._changed.wait()
            if self._is_broken:
                raise BrokenBody("the body did not arrive")
            was_full = not self.has_room
            data = bytes(self._waiting[:size])
            del self._waiting[:size]
            has_room = self.has_room
        if was_full and has_room:
            self.on_room()
        return data

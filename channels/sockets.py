"""Deadlines, connecting within one, and trusted certificates."""

import os
import socket
import ssl
import time
from collections.abc import Callable
from functools import cache
from typing import Generic, TypeVar

from domain.errors import ConfigurationError

CONNECT_SECONDS = 5.0
"""Longest time to connect to a server, all its addresses together."""

Kept = TypeVar("Kept")


class Deadline:
    """A moment after which no wait may last."""

    def __init__(self, seconds: float):
        self._ends = time.monotonic() + seconds

    def remaining(self, most: float = float("inf")) -> float:
        """Return the seconds left, at most `most`. Raises TimeoutError when there are none."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("out of time")
        return min(left, most)


def connect(host: str, port: int, seconds: float) -> socket.socket:
    """Open a TCP connection to the first address that answers within its share of `seconds`.

    The name lookup can't be interrupted from here: the system's resolver has its own limit (resolv.conf). Where it
    took longer than `seconds`, no connection is opened any more. Raises OSError.
    """
    deadline = Deadline(seconds)
    addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    deadline.remaining()
    failure: OSError = OSError("the name has no address")
    for tried, (family, kind, protocol, _, address) in enumerate(addresses):
        opened = socket.socket(family, kind, protocol)
        try:
            opened.settimeout(deadline.remaining() / (len(addresses) - tried))
            opened.connect(address)
            # We wait for an answer after every few bytes, so Nagle's algorithm would only add pauses.
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            opened.close()
            failure = error
        else:
            return opened
    raise failure


def trust(ca_file: str | None = None, protocol: str = "") -> ssl.SSLContext:
    """Return a context that verifies certificates and host names; `ca_file` adds private authorities.

    There is one a process, because reading the system's authorities takes a tenth of a second, and one for each
    `protocol`, because urllib3 writes HTTP into those that it uses (ALPN). Raises ConfigurationError where the file
    can't be read.
    """
    return _context(ca_file, protocol)


@cache
def _context(ca_file: str | None, _protocol: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:
            raise ConfigurationError(f"ca_file: {ca_file} can't be used: {error.strerror or error}") from None
    return context


class PerProcess(Generic[Kept]):
    """An object made once in each process: a forked child must not use its parent's connections."""

    def __init__(self, make: Callable[[], Kept]):
        self._make = make
        self._made: tuple[int, Kept] = os.getpid(), make()

    def get(self) -> Kept:
        """Return this process's object."""
        pid, kept = self._made
        if pid != os.getpid():
            kept = self._make()
            self._made = os.getpid(), kept
        return kept

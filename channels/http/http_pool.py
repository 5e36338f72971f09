"""A pool of HTTP connections to one server, with a deadline over each whole answer."""

import http.client
import io
import logging
import socket
import ssl
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from channels.sockets import CONNECT_SECONDS, Deadline, connect

# urllib3 logs whole URLs and broken headers: those may contain a provider's key or the code.
# Our own errors log what matters.
for _logger in ("urllib3.connection", "urllib3.connectionpool"):
    logging.getLogger(_logger).addFilter(lambda record: False)


class NotConnected(HTTPError):
    """Raised when no connection could be opened, so nothing was sent."""

    def __init__(self, cause: Exception):
        super().__init__(type(cause).__name__)
        self.cause = cause


class _BoundedReads(io.RawIOBase):
    """The bytes of one answer, with one deadline over all reads; a socket's own timeout restarts with each read."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket):
        self._raw = raw
        self._sock = sock
        # Just before the answer begins, urllib3 sets the socket's timeout to the rest of the request's total time.
        self._deadline = Deadline(sock.gettimeout() or CONNECT_SECONDS)
        self._has_begun = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._has_begun:
            self._sock.settimeout(self._deadline.remaining())
        self._has_begun = True
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answer(http.client.HTTPResponse):
    """An answer read through `_BoundedReads`."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any):
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_BoundedReads(self.fp.detach(), sock))


class _Bounded(HTTPConnection):
    """A connection that is opened within one deadline, however many addresses are tried."""

    response_class = _Answer
    _parts: list[bytes] | None = None

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send head and body in one piece: each piece wakes the receiver, and costs the system as much as both."""
        parts: list[bytes] = []
        self._parts = parts
        try:
            super().request(*args, **kwargs)
        finally:
            self._parts = None
        self.send(b"".join(parts))

    def send(self, data: Any) -> None:
        if self._parts is None:
            super().send(data)
        else:
            self._parts.append(data)

    def connect(self) -> None:
        try:
            super().connect()
        except (OSError, HTTPError) as error:
            raise NotConnected(error) from error

    def _new_conn(self) -> socket.socket:
        return connect(self._dns_host, self.port, self.timeout or CONNECT_SECONDS)


class _BoundedTls(_Bounded, HTTPSConnection):
    """The same, over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Bounded


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _BoundedTls


def make_pool(
    scheme: str,
    host: str,
    port: int | None,
    *,
    kept: int,
    trusted: ssl.SSLContext | None,
    name: str | None = None,
) -> HTTPConnectionPool:
    """Return a pool that keeps up to `kept` connections and opens more when all are in use.

    `trusted`: verifies certificates; None for plain HTTP. `name`: of the server, where `host` is only its address; the
    certificate must be of that name.
    """
    if scheme == "https":
        return _TlsPool(
            host, port, maxsize=kept, block=False, ssl_context=trusted, server_hostname=name or None
        )
    return _Pool(host, port, maxsize=kept, block=False)


def reach(pool: HTTPConnectionPool, seconds: float) -> None:
    """Open a connection outside the pool, with TLS where the pool uses it, and close it.

    Raises NotConnected.
    """
    connection = pool._new_conn()
    connection.timeout = seconds
    try:
        connection.connect()
    finally:
        connection.close()

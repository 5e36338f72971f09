"""A connection of gunicorn whose request arrives: read in the worker's loop, where waiting costs no thread."""

import re
import socket
import time
from collections.abc import Sequence
from typing import Any

from gunicorn.workers.gthread import TConn
from waitress.adjustments import Adjustments
from waitress.receiver import ChunkedReceiver, FixedStreamReceiver

from serving.parser import Parser
from serving.patience import BODY_SECONDS, HEADER_SECONDS, LINGER_SECONDS, body_seconds
from serving.streams import Stream

READ_BYTES = 16 * 1024
EXPECT = re.compile(rb"\r\nexpect:[^\r\n]*", re.IGNORECASE)


class Counted(Stream):
    """A body of which only the length is kept: its bytes wait for gunicorn's parser."""

    def append(self, data: bytes) -> None:
        """Count what arrived."""
        self.received += len(data)


class Probe(Parser):
    """Says when a request is whole, or too long."""

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the headers, and keep nothing of the body."""
        super().parse_header(header_plus)
        if self.body_rcv is not None:
            body = Counted()
            self.stream = body if self.stream else None
            self.body_rcv = (
                ChunkedReceiver(body) if self.chunked else FixedStreamReceiver(self.content_length, body)
            )


class Connection(TConn):  # type: ignore[misc]
    """One connection, its bytes kept until a request is whole; waitress's parser says when that is."""

    adjustments: Adjustments | None = None
    place = "/"

    def __init__(self, *arguments: Any):
        super().__init__(*arguments)
        self.began = time.monotonic()
        self.is_early = False  # its thread reads a long body from the socket
        self.lingers = False
        self.rest = b""  # what came after the request that is worked at
        self.expect(0)

    def expect(self, began: float) -> None:
        """Wait for the next request."""
        self.began = began or time.monotonic()
        self._probe = Probe(self.adjustments)
        self._raw = bytearray()

    @property
    def is_partial(self) -> bool:
        """Whether a part of a request has come."""
        return bool(self._raw)

    @property
    def error(self) -> Any:
        """What is wrong with the request, with `to_response`."""
        return self._probe.error

    def read(self) -> bool:
        """Take what has arrived; return whether somebody must act on it. Raises OSError where the client has gone."""
        try:
            data = self.sock.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return False
        if not data:
            raise ConnectionResetError
        return False if self.lingers else self.take(data)

    def take(self, data: bytes) -> bool:
        """Take bytes; return whether the request is whole, wrong, or so long that its thread reads on."""
        if not self._raw:
            self.began = time.monotonic()
        while data and not self._probe.completed:
            taken = self._probe.received(data)
            self._raw += data[:taken]
            data = data[taken:]
            if self._probe.empty:
                self.expect(self.began)
            elif self._probe.headers_finished and self._probe.expect_continue:
                self._continue()
            elif self._probe.headers_finished and self._probe.is_long:
                self.is_early = True
                break
        self._raw += data if self.is_early else b""
        self.rest = b"" if self.is_early else data
        return bool(self._probe.completed or self.is_early)

    def _continue(self) -> None:
        """Let the client go on, and gunicorn not say so again."""
        self._probe.expect_continue = False
        self._raw = bytearray(EXPECT.sub(b"", self._raw, count=1))
        self.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def hand_over(self) -> None:
        """Give what has arrived to gunicorn's own parser."""
        self.place = self._probe.place
        self.init()
        self.parser.unreader.unread(bytes(self._raw))
        self._raw = bytearray()

    def refuse(self) -> None:
        """Send what is wrong, as far as it can be sent at once."""
        status, headers, body = self._probe.error.to_response("gunicorn")
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
        head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "Connection: close", "", ""])
        self.sock.send(head.encode("latin-1") + body)

    def linger(self) -> None:
        """Say that no more will be sent, and throw away what still comes. Raises OSError."""
        self.lingers, self.began = True, time.monotonic()
        self.sock.setblocking(False)
        self.sock.shutdown(socket.SHUT_WR)

    def is_overdue(self, now: float) -> bool:
        """Say whether its client has taken too long."""
        waited = now - self.began
        if self.lingers:
            return waited > LINGER_SECONDS
        if self.is_early:
            return waited > body_seconds(self._probe.content_length or self._probe.ceiling)
        return waited > (BODY_SECONDS if self._probe.headers_finished else HEADER_SECONDS)


def slowest(connections: Sequence[Connection]) -> Connection:
    """Return the one that has kept us waiting longest."""
    return min(connections, key=lambda one: one.began)

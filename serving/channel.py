"""One connection of waitress: how long it may take, what happens to a long body, and how it ends."""

import socket
import time

from waitress.channel import HTTPChannel
from waitress.task import WSGITask

from serving.parser import Parser
from serving.patience import BODY_SECONDS, HEADER_SECONDS, LINGER_SECONDS, body_seconds


class Task(WSGITask):  # type: ignore[misc]
    """One request in a thread."""

    def build_response_header(self) -> bytes:
        """Tell the client to close where the server stops, or where the rest of a body was not wanted."""
        stream = self.request.stream
        if self.channel.server.is_stopping or (stream and not stream.is_whole):
            self.request.headers["CONNECTION"] = "close"
        header: bytes = super().build_response_header()
        return header


class Channel(HTTPChannel):  # type: ignore[misc]
    """Reads whole requests in the server's loop, where waiting costs no thread; only long bodies get one early."""

    parser_class = Parser
    task_class = Task
    began = 0.0  # when the first byte of the current request came
    is_new = True  # nothing was ever received
    arriving: Parser | None = None  # a request whose thread reads its body while it arrives
    lingers_since: float | None = None
    was_refused = False

    @property
    def is_busy(self) -> bool:
        """Whether a request of it is worked at, or its answer not yet sent."""
        return bool(self.requests or self.total_outbufs_len)

    @property
    def is_partial(self) -> bool:
        """Whether a part of a request has come."""
        return self.request is not None

    @property
    def is_kept(self) -> bool:
        """Whether it was answered, and the client may send another request."""
        return not (self.is_busy or self.is_partial or self.is_new or self.lingers_since)

    def received(self, data: bytes) -> bool:
        """Take what arrived; called in the server's loop only."""
        self.is_new = False
        if self.arriving is not None:
            data = data[self._feed(self.arriving, data) :]
        if self.request is None:
            self.began = self.last_activity
        if not data or not super().received(data):
            return bool(data)
        if self.request is not None and self.request.headers_finished and self.request.is_long:
            self._start_early(self.request)
        return True

    def _feed(self, request: Parser, data: bytes) -> int:
        taken = request.received(data)
        if request.completed:
            self.arriving = None
            if request.stream:
                request.stream.end() if not request.error else request.stream.close()
        return taken

    def _start_early(self, request: Parser) -> None:
        """Let a thread ask who calls, and only then read the rest."""
        assert request.stream
        request.stream.on_room = self.server.pull_trigger
        with self.requests_lock:
            self.request, self.arriving, self.sent_continue = None, request, False
            self.requests.append(request)
            if len(self.requests) == 1:
                self.server.add_task(self)

    def readable(self) -> bool:
        """Say whether the loop should read.

        What was closed while the loop asks is not looked at: its number is soon that of a new connection, which would
        be closed in its place.
        """
        if not self.connected:
            return False
        if self.lingers_since is not None:
            return True
        if self.arriving is not None and self.arriving.stream:
            return self.arriving.stream.has_room and not (self.will_close or self.close_when_flushed)
        return bool(super().readable())

    def writable(self) -> bool:
        """Say whether the loop should write."""
        return bool(self.connected and super().writable())

    def handle_read(self) -> None:
        """Read; what comes after a refusal is thrown away."""
        if self.lingers_since is None:
            super().handle_read()
            return
        try:
            self.recv(self.adj.recv_bytes * 8)
        except OSError:
            self.handle_close()

    def handle_write(self) -> None:
        """Send; a connection with something unread is closed in two steps, or the client would lose the answer."""
        if not (self.close_when_flushed and self._has_unread()):
            super().handle_write()
            return
        self._flush_exception(self._flush_some)
        if self.will_close:
            self.handle_close()
        elif self.connected and not self.total_outbufs_len:
            self._linger()

    def service(self) -> None:
        """Work at one request, in a thread."""
        self.was_refused = bool(self.requests[0].error)
        super().service()

    def _has_unread(self) -> bool:
        return self.lingers_since is None and (self.was_refused or self.arriving is not None)

    def _linger(self) -> None:
        self.close_when_flushed = False
        self.lingers_since = time.time()
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.handle_close()

    def handle_close(self) -> None:
        """Close at once."""
        if self.arriving is not None and self.arriving.stream:
            self.arriving.stream.close()
        super().handle_close()

    def cancel(self) -> None:
        """Give up what waits for a thread."""
        if self.arriving is not None and self.arriving.stream:
            self.arriving.stream.close()
        super().cancel()

    def is_overdue(self, now: float) -> bool:
        """Say whether its client has taken too long; who was answered once has `channel_timeout` for the next."""
        if self.lingers_since is not None:
            return now - self.lingers_since > LINGER_SECONDS
        if self.arriving is not None and self.arriving.stream:
            return now - self.began > body_seconds(self.arriving.stream.received)
        if self.is_busy:
            return False
        if self.request is None:
            return self.is_new and now - self.creation_time > HEADER_SECONDS
        return now - self.began > (BODY_SECONDS if self.request.headers_finished else HEADER_SECONDS)

"""gunicorn's threaded worker with our patience: a thread gets a request when it is whole. See `gunicorn.conf.py`.

Its own worker lets a thread wait for the rest of a request, so as many slow clients as it has threads stop it, and its
loop waits up to two seconds for a client to close.
"""

import selectors
import time
from concurrent import futures
from contextlib import suppress
from functools import partial
from typing import Any

from gunicorn.workers.gthread import ThreadWorker
from waitress.adjustments import Adjustments

from serving import files
from serving.arrivals import Connection, slowest
from serving.patience import STOP_IDLE_SECONDS, STOP_PARTIAL_SECONDS
from serving.waitress_server import ALWAYS_ANSWERED

LOOK_EVERY_SECONDS = 0.25


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """Reads requests in its loop; TLS, HTTP/2 and the PROXY protocol are left to gunicorn."""

    def init_process(self) -> None:
        """Begin to work in the forked process."""
        self._arriving: set[Connection] = set()
        self._early: set[Connection] = set()
        self._spare = futures.ThreadPoolExecutor(1)
        self._next_look = self._stopping_since = 0.0
        files.allow_more()
        super().init_process()

    def accept(self, listener: Any) -> None:
        """Accept; where no more are allowed, the one that has kept us waiting longest makes room."""
        if not self._is_patient():
            super().accept(listener)
            return
        self._accept_one(listener)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Begin or cease to accept; a stopping worker takes in who has connected already, and refuses others."""
        is_last = not enabled and not self.alive and self._accepting
        if is_last:
            for listener in self.sockets:
                while self._is_patient() and self._accept_one(listener):
                    pass
        super().set_accept_enabled(enabled)
        if is_last:
            for listener in self.sockets:
                listener.close()

    def _is_patient(self) -> bool:
        return not self.cfg.is_ssl and self.cfg.proxy_protocol == "off" == self.cfg.http2_cleartext

    def _accept_one(self, listener: Any) -> bool:
        Connection.adjustments = Connection.adjustments or Adjustments()
        try:
            client, address = listener.accept()
        except OSError:
            return False
        self.nr_conns += 1
        connection = Connection(self.cfg, client, address, listener.getsockname())
        if self.nr_conns >= self.worker_connections and self._arriving:
            self._drop(slowest(list(self._arriving)))
        self._watch(connection)
        return True

    def on_client_socket_readable(self, conn: Any, client: Any) -> None:
        """Read the next request of a kept connection."""
        if not isinstance(conn, Connection):
            super().on_client_socket_readable(conn, client)
            return
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        conn.expect(0)
        self._watch(conn)

    def enqueue_req(self, conn: Any) -> None:
        """Give a request to a thread; the question whether we live has one of its own."""
        pool = self._spare if isinstance(conn, Connection) and conn.place == ALWAYS_ANSWERED else self.tpool
        pool.submit(self.handle, conn).add_done_callback(
            lambda done: self.method_queue.defer(self.finish_request, conn, done)
        )

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer; a connection with the rest of a long body on it ends."""
        if isinstance(conn, Connection) and conn.is_early:
            req.must_close = True
        return super().handle_request(req, conn)

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Keep the connection, or close it without letting the loop wait for the client."""
        if not isinstance(conn, Connection):
            super().finish_request(conn, fs)
            return
        self._early.discard(conn)
        is_kept = not fs.cancelled() and fs.exception() is None and fs.result()
        if (
            not is_kept or conn.parser.unreader.buf.getvalue()
        ):  # what two parsers end differently is not read on
            self._linger(conn)
            return
        rest = conn.rest
        conn.expect(0)
        if rest:
            self._watch(conn, rest)
        else:
            super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """Close what has taken too long; the loop calls it in each turn, to its end."""
        super().murder_pending()
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_EVERY_SECONDS
        for conn in [one for one in self._arriving if one.is_overdue(now) or self._must_go(one, now)]:
            self._drop(conn)
        for conn in [one for one in self._early if one.is_overdue(now)]:
            with suppress(OSError):
                conn.sock.shutdown(2)  # its thread reads an end, and gives up

    def _must_go(self, conn: Connection, now: float) -> bool:
        if self.alive or conn.lingers:
            return False
        self._stopping_since = self._stopping_since or now
        return now - self._stopping_since > (STOP_PARTIAL_SECONDS if conn.is_partial else STOP_IDLE_SECONDS)

    def _watch(self, conn: Connection, data: bytes = b"") -> None:
        conn.sock.setblocking(False)
        self._arriving.add(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._read, conn))
        self._read(conn, data=data)  # mostly it is there already

    def _read(self, conn: Connection, _socket: Any = None, data: bytes = b"") -> None:
        try:
            is_ready = conn.take(data) if data else conn.read()
            if is_ready:
                self._unwatch(conn)
                self._act(conn)
        except OSError:
            self._drop(conn)

    def _act(self, conn: Connection) -> None:
        if conn.error:
            conn.refuse()
            self._linger(conn)
            return
        conn.hand_over()
        if conn.is_early:
            self._early.add(conn)
        self.enqueue_req(conn)

    def _linger(self, conn: Connection) -> None:
        try:
            conn.linger()
            self._watch(conn)
        except OSError:
            self._drop(conn)

    def _unwatch(self, conn: Connection) -> None:
        self._arriving.discard(conn)
        with suppress(OSError, KeyError, ValueError):
            self.poller.unregister(conn.sock)

    def _drop(self, conn: Connection) -> None:
        self._unwatch(conn)
        self.nr_conns -= 1
        conn.close()

"""Ends the wait for a database server that has gone silent: drivers read from its connection without a timeout."""

import logging
import os
import socket
import threading
import time
from contextlib import suppress
from typing import Any

log = logging.getLogger(__name__)
LOOK_SECONDS = 0.2


class Watch:
    """Connections in use and until when; one thread hangs up those whose time is over, which wakes their callers."""

    def __init__(self) -> None:
        self._connections: dict[int, tuple[float, Any]] = {}
        self._any = threading.Event()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def start(self, connection: Any, until: float) -> None:
        """Hang up at `until`, by `time.monotonic()`, unless `stop` comes first."""
        self._connections[id(connection)] = (until, connection)
        if not self._any.is_set():
            self._any.set()
            self._run_thread()

    def stop(self, connection: Any) -> None:
        """Leave a connection alone."""
        self._connections.pop(id(connection), None)

    def _run_thread(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="database-watch", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            self._any.wait()
            time.sleep(LOOK_SECONDS)
            now = time.monotonic()
            for key, watched in self._connections.copy().items():
                if watched[0] <= now and self._connections.get(key) is watched:
                    self._connections.pop(key, None)
                    _hang_up(watched[1])
            if not self._connections:
                self._any.clear()
                if self._connections:  # one came in between
                    self._any.set()


def _hang_up(connection: Any) -> None:
    """Shut the connection's socket down; the thread that reads from it gets an end of file."""
    with suppress(Exception):  # closed in the meantime
        own = getattr(connection, "_sock", None)  # PyMySQL's, which has no method for it
        with socket.socket(fileno=os.dup((own or connection).fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)
        log.warning("the database did not answer in time: the connection was closed")


watch = Watch()


def _start_anew() -> None:
    global watch
    watch = Watch()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)

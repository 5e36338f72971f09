"""Collect requests in memory; a thread of the process writes them, so that no caller waits for that.

Bounded: what there is no room for is only counted.
"""

import atexit
import logging
import os
import threading
from dataclasses import dataclass, field

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from domain.faults import place
from models import clock, patience
from services.request_log import writing
from services.request_log.writing import Hours, Row

log = logging.getLogger(__name__)
MOST_WAITING = 2000
"""Rows kept in memory, and so written in one go: about a thousand a second from one process."""
EVERY_SECONDS = 2.0
EXIT_SECONDS = 2.0
"""How long a process that ends waits for the database to take the last rows."""


@dataclass(slots=True)
class _Waiting:
    """What was collected since the last write; `hours` are of requests that are not among the rows."""

    rows: list[Row] = field(default_factory=list)
    hours: Hours = field(default_factory=dict)


class RequestLog:
    """Safe to use from many threads at once. Switched off, it keeps nothing."""

    def __init__(self, app: Flask):
        self._app = app
        self.is_on: bool = app.config["REQUEST_LOG_DAYS"] > 0
        self._lock = threading.Lock()
        self._waiting = _Waiting()
        self._wanted = threading.Event()
        self._is_closed = threading.Event()
        self._is_eager = bool(app.config.get("CELERY_TASK_ALWAYS_EAGER"))
        self._pid = 0

    def note(
        self,
        key_id: str,
        method: str,
        path: str,
        status: int,
        code: str | None,
        seconds: float,
        request_id: str,
    ) -> None:
        """Note a request that was answered; wait for nothing and raise nothing. `seconds`: what the answer took."""
        if not self.is_on:
            return
        row = (key_id, method, path, status, code, round(seconds * 1000), request_id, clock.now())
        with self._lock:
            waiting = self._waiting
            if len(waiting.rows) < MOST_WAITING:
                waiting.rows.append(row)
            else:
                writing.add(waiting.hours, row, is_logged=False)
        if not self._is_eager:
            self._wake()

    def write(self) -> None:
        """Write what has been collected; needs the application's context. What the database refuses is counted."""
        with self._lock:
            found, self._waiting = self._waiting, _Waiting()
        logged = writing.add_rows(found.rows)
        for number, row in enumerate(found.rows):
            writing.add(found.hours, row, is_logged=number < logged)
        if not found.hours:
            return
        try:
            writing.count(found.hours)
        except SQLAlchemyError as error:
            log.warning("requests of API keys are counted later: %s", type(error).__name__)
            with self._lock:
                writing.merge(self._waiting.hours, found.hours)

    def close(self) -> None:
        """End with an application that ends before its process: nothing more is written, not even at the exit."""
        self._is_closed.set()
        self._wanted.set()
        atexit.unregister(self._write_last)

    def _wake(self) -> None:
        """Let the thread of this process write, after it was started: none survives a fork."""
        if self._pid != os.getpid():
            with self._lock:
                is_new, self._pid = self._pid != os.getpid(), os.getpid()
            if is_new:
                threading.Thread(target=self._run, name="sendcode-requests", daemon=True).start()
                atexit.register(self._write_last, os.getpid())
        if not self._wanted.is_set():
            self._wanted.set()

    def _run(self) -> None:
        patience.in_background(patience.BACKGROUND_SECONDS)
        while True:
            self._wanted.wait()
            if self._is_closed.wait(EVERY_SECONDS):
                return
            self._wanted.clear()
            try:
                with self._app.app_context():
                    self.write()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next requests are to be logged
                log.error("requests of API keys were not logged: %s", place(error))

    def _write_last(self, pid: int) -> None:
        if pid == os.getpid():
            patience.in_background(EXIT_SECONDS)
            with self._app.app_context():
                self.write()

"""A thread that looks again and again, in one process of the installation at a time.

To stay cheap, it pauses for twenty times as long as the last look took.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from domain.faults import place
from models import clock
from services.process.housekeeping import process_name
from services.storage import leases

log = logging.getLogger(__name__)
LONGEST_PAUSE_SECONDS = 60.0
LEASE_SECONDS = 15.0
SHARE = 20


class Patrol:
    """Calls `look` with the time, at least `every` so many seconds apart, while it holds the lease of its name."""

    def __init__(
        self,
        engine: Engine,
        name: str,
        look: Callable[[datetime], object],
        *,
        every: float,
        first: float = 1.0,
        process: str = "worker",
        is_needed: Callable[[datetime], bool] = lambda now: True,
    ):
        """`is_needed`: tells whether this process should look now, or leave it to others."""
        self._engine, self._name, self._look = engine, name, look
        self._every, self._first, self._is_needed = every, first, is_needed
        self._holder = process_name(process)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Look until `stop`."""
        self._thread.start()

    def stop(self, seconds: float = 5.0) -> None:
        """Stop looking, so that another process takes over."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _run(self) -> None:
        pause = self._first
        while not self._stopped.wait(pause):
            started = time.monotonic()
            try:
                self._look_if_ours(pause)
            except SQLAlchemyError as error:
                log.error("%s can't look: %s", self._name, type(error).__name__)
            except Exception as error:  # noqa: BLE001 - the thread must survive every error
                log.error("%s can't look: %s", self._name, place(error))
            took = time.monotonic() - started
            pause = min(max(self._every, SHARE * took), LONGEST_PAUSE_SECONDS)
        try:
            leases.release(self._engine, self._name, self._holder)
        except SQLAlchemyError as error:
            log.error(
                "the lease of %s was not released and will expire: %s", self._name, type(error).__name__
            )

    def _look_if_ours(self, pause: float) -> None:
        now = clock.asked(self._engine)
        if not self._is_needed(now):
            return
        length = timedelta(seconds=max(LEASE_SECONDS, 3 * pause))
        if leases.hold(self._engine, self._name, self._holder, length, now):
            self._look(now)

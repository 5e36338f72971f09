"""The worker's loop: claim due messages, keep many sends in flight, settle them in blocks.

One thread of each worker process. A bell wakes it at once; without one it looks every second, which makes retries, lost
bells, leases of dead workers and a dead broker all the same case.
"""

import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from heapq import heappop, heappush
from typing import Protocol

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from domain.statuses import Lane, Priority
from services import claims
from services.claims import Claimed, Settled
from services.faults import place

log = logging.getLogger(__name__)
LOOK_SECONDS = 1.0
KEPT_FOR_CODES = 0.2
"""Share of the slots that only codes may take, so that a newsletter never fills the worker."""


class Sends(Protocol):
    """What the loop hands messages to."""

    def send(self, claimed: Claimed) -> Settled:
        """Return how the try ended; raise nothing."""


class Drain:
    """Sends what is due in some lanes, up to `slots` at once.

    `ceilings`: most sends in flight of a lane, where its gateways take no more; a slow mail server then fills its own
    few places and never those of SMS.
    """

    def __init__(
        self,
        engine: Engine,
        sender: Sends,
        lanes: Sequence[Lane],
        *,
        slots: int,
        ceilings: Mapping[Lane, int] | None = None,
        housekeeping: Callable[[datetime], None] | None = None,
    ):
        self._engine = engine
        self._sender = sender
        self._lanes = lanes
        self._slots = slots
        self._ceilings = ceilings or {}
        self._housekeeping = housekeeping
        self._pool = ThreadPoolExecutor(slots, thread_name_prefix="send")
        self._events: queue.Queue[tuple[Lane, Settled] | None] = queue.Queue()
        self._unsettled: list[Settled] = []
        self._in_flight: Counter[Lane] = Counter()
        self._may_be_due = True
        self._next_look = 0.0
        self._alarms: list[float] = []
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Run the loop in a thread of its own until `stop`."""
        self._thread = threading.Thread(target=self._run, name="drain", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look for due messages now."""
        self._events.put(None)

    def stop(self, seconds: float = 20.0) -> None:
        """Claim nothing more, wait for the sends in flight and settle them."""
        self._stopping = True
        self.wake()
        if self._thread is not None:
            self._thread.join(seconds)

    def run_until_idle(self) -> None:
        """Send all that is due now, in the caller's thread."""
        while self._claim_and_start() or self._in_flight.total():
            self._settle(block=self._in_flight.total() > 0)
        self._pool.shutdown()

    def _run(self) -> None:
        while not self._stopping or self._in_flight.total() or self._unsettled:
            try:
                # First: what ended while the database was away must not be claimed again.
                self._settle(block=False)
                self._look_at_the_clock()
                started = self._may_be_due and not self._stopping and self._claim_and_start()
                self._settle(block=not started, seconds=self._alarms[0] - time.monotonic())
            except SQLAlchemyError as error:
                log.error("the database did not answer: %s", type(error).__name__)
                time.sleep(LOOK_SECONDS)
            except Exception as error:  # noqa: BLE001 - a drain that ends is worse than one that stumbles
                log.error("the drain stumbled and goes on: %s", place(error))
                time.sleep(LOOK_SECONDS)
        self._pool.shutdown()

    def _look_at_the_clock(self) -> None:
        """Look for due messages each second, and at the very moment when a retry of this process is due."""
        now = time.monotonic()
        while self._alarms and self._alarms[0] <= now:
            heappop(self._alarms)
            self._may_be_due = True
        if now >= self._next_look:
            self._next_look = now + LOOK_SECONDS
            heappush(self._alarms, self._next_look)
            self._may_be_due = True
            self._keep_house()

    def _keep_house(self) -> None:
        now = datetime.now(UTC)
        with self._engine.connect() as connection:
            expired = claims.expire(connection, now)
        if expired:
            log.warning("%s messages expired before they could be sent", expired)
        if self._housekeeping:
            self._housekeeping(now)

    def _claim_and_start(self) -> bool:
        """Start what is due while there are slots, codes first; tell whether anything was started."""
        self._may_be_due = False
        started = False
        for priority in Priority:
            for lane in _lanes(self._lanes, priority):
                limit = self._free(priority, lane)
                claimed = self._claim(priority, lane, limit) if limit > 0 else []
                self._may_be_due |= len(claimed) == max(0, limit)
                self._start(claimed, lane)
                started |= bool(claimed)
        return started

    def _free(self, priority: Priority, lane: Lane) -> int:
        kept = 0 if priority is Priority.CODE else int(self._slots * KEPT_FOR_CODES)
        free = self._slots - kept - self._in_flight.total()
        return min(free, self._ceilings.get(lane, self._slots) - self._in_flight[lane])

    def _claim(self, priority: Priority, lane: Lane, limit: int) -> list[Claimed]:
        with self._engine.connect() as connection:
            return claims.claim(connection, lane, priority, limit, datetime.now(UTC))

    def _start(self, claimed: Sequence[Claimed], lane: Lane) -> None:
        for one in claimed:
            self._in_flight[lane] += 1
            future = self._pool.submit(self._sender.send, one)
            future.add_done_callback(lambda ended: self._events.put((lane, ended.result())))

    def _settle(self, *, block: bool, seconds: float | None = None) -> None:
        """Take in what has ended, waiting for the first event if `block`, and write it down in one block."""
        try:
            event = self._events.get(block=block, timeout=None if seconds is None else max(0.0, seconds))
            while True:
                if event is None:
                    self._may_be_due = True
                else:
                    lane, settled = event
                    self._in_flight[lane] -= 1
                    self._unsettled.append(settled)
                event = self._events.get_nowait()
        except queue.Empty:
            pass
        if self._unsettled:
            with self._engine.connect() as connection:
                claims.settle(connection, self._unsettled)
            for one in self._unsettled:
                if one.due_at is not None:
                    heappush(self._alarms, time.monotonic() + (one.due_at - one.at).total_seconds())
            self._unsettled.clear()


def _lanes(lanes: Sequence[Lane], priority: Priority) -> list[Lane]:
    return [lane for lane in lanes if (lane is Lane.BULK) == (priority is Priority.BULK)]

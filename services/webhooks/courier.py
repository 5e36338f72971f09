"""The lane of events in a worker: its own threads beside the drain, so that no receiver ever delays a code.

One thread claims what is due and settles what has ended; others post. An endpoint has few of them at a time, and one
that fails has one, so that receivers that hang leave room for the others.
"""

import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from domain.faults import place
from domain.statuses import DeliveryStatus
from models import clock, patience
from services.webhooks import claims
from services.webhooks.claims import Ended, Places, untried
from services.webhooks.kinds import Due
from services.webhooks.post_threads import MOST_TO_ONE, PostThreads

log = logging.getLogger(__name__)
LOOK_SECONDS = 0.5
ANSWER_SECONDS = 60.0
MOST_IN_FLIGHT = 128
MOST_OF_QUICK = 64
"""More than are posted at a time: the next ones are there when an answer is, without a transaction in between."""
MOST_OF_FAILING = 1
MOST_FAILING = 32
"""To all endpoints that fail together: many that hang leave room for the others."""
QUICK_MS = 1000
STUMBLE_SECONDS = 1.0
REST_SECONDS = 0.03
"""Between two turns, so that one transaction settles and claims many: each takes the database from a click."""
CALM_REST_SECONDS = 0.15
"""The same while nothing has waited for long: in a burst, clicks and codes get the processor first."""
LONGEST_CALM = timedelta(seconds=10)
Duty = Callable[[datetime], None]


class Posts(Protocol):
    """Posts one delivery."""

    def post(self, due: Due) -> Ended:
        """Return how the try ended; raise nothing."""


class Courier:
    """Posts what is due. `duties` are called each time it looks, with the time."""

    def __init__(self, engine: Engine, poster: Posts, duties: Sequence[Duty] = ()):
        self._engine, self._duties = engine, duties
        self._ended: queue.SimpleQueue[Ended] = queue.SimpleQueue()
        self._unsettled: list[Ended] = []
        self._in_flight: Counter[str] = Counter()
        self._failing: set[str] = set()
        """Those in flight that failed before."""
        self._quick: set[str] = set()
        """Endpoints whose last answer was a quick success."""
        self._threads = PostThreads(poster.post, self._note)
        self._is_behind = False
        """Whether an event that was claimed last had waited for long; one that is tried again does not count."""
        self._news = threading.Event()
        self._stopping = False
        self._next_look = 0.0
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)

    def start(self) -> None:
        """Run until `stop`, in a thread of its own."""
        self._thread.start()

    def stop(self, seconds: float = 5.0) -> None:
        """Claim nothing more, and settle what ends within this time; the rest is posted again with the same id."""
        self._stopping = True
        self._news.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def run_until_idle(self) -> None:
        """Post everything that is due now, and wait for the answers."""
        while self._turn() or self._in_flight.total() or self._unsettled:
            if self._in_flight.total():
                self._news.wait()
                self._news.clear()

    def _run(self) -> None:
        patience.in_background(ANSWER_SECONDS)
        while not self._stopping or self._in_flight.total() or self._unsettled or not self._ended.empty():
            try:
                self._turn()
            except SQLAlchemyError as error:
                log.error("events wait, the database did not answer: %s", type(error).__name__)
                time.sleep(STUMBLE_SECONDS)
            except Exception as error:  # noqa: BLE001 - the lane must survive every error
                log.error("the lane of events failed and tries again: %s", place(error))
                time.sleep(STUMBLE_SECONDS)
            time.sleep(REST_SECONDS if self._is_behind else CALM_REST_SECONDS)
            self._news.wait(max(0.0, self._next_look - time.monotonic()))
            self._news.clear()

    def _turn(self) -> bool:
        """Do the duties, settle what has ended and claim what is due, in one transaction; start what was claimed.

        Returns whether anything was claimed.
        """
        self._take_ended()
        now, may_claim = clock.now(), not self._stopping
        if may_claim and time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + LOOK_SECONDS
            now = clock.asked(self._engine)
            self._do_duties(now)
            may_claim = bool(self._unsettled) or claims.is_due(self._engine, now)
        elif not self._unsettled:
            return False
        if not self._unsettled and not may_claim:
            return False
        with self._engine.begin() as connection:
            off = claims.settle(connection, self._unsettled)
            due = self._claim(connection, now) if may_claim else []
        self._unsettled.clear()
        for webhook_id in off:
            log.warning("the endpoint %s is switched off: it is gone, or failed for five days", webhook_id)
        self._start(due)
        self._is_behind = any(one.tries == 1 and now - one.at > LONGEST_CALM for one in due)
        return bool(due)

    def _do_duties(self, now: datetime) -> None:
        """Do each duty; one that fails keeps nothing from being posted."""
        for duty in self._duties:
            try:
                duty(now)
            except SQLAlchemyError as error:
                log.error("looking for events failed: %s", type(error).__name__)
            except Exception as error:  # noqa: BLE001 - the lane must survive every error
                log.error("looking for events failed: %s", place(error))

    def _take_ended(self) -> None:
        for late in self._threads.take_back(late_only=not self._stopping):
            self._ended.put(untried(late, clock.now()))
        while True:
            try:
                ended = self._ended.get_nowait()
            except queue.Empty:
                return
            to = ended.due.webhook_id or ""
            self._in_flight[to] -= 1
            if self._in_flight[to] <= 0:
                del self._in_flight[to]
                self._failing.discard(to)
            self._note_speed(to, ended)
            self._unsettled.append(ended)

    def _note_speed(self, to: str, ended: Ended) -> None:
        is_success = ended.status is DeliveryStatus.DELIVERED
        if to and is_success and ended.took_ms is not None and ended.took_ms <= QUICK_MS:
            self._quick.add(to)
        elif ended.is_tried:
            self._quick.discard(to)

    def _claim(self, connection: Connection, now: datetime) -> list[Due]:
        most = MOST_IN_FLIGHT - self._in_flight.total()
        full = [to for to in self._in_flight if self._room(to, to in self._failing) <= 0]
        places = Places(most, self._room, MOST_FAILING - len(self._failing), full)
        return claims.claim(connection, places, now) if most > 0 else []

    def _start(self, due: Sequence[Due]) -> None:
        for one in due:
            self._in_flight[one.webhook_id or ""] += 1
            if one.webhook_id and one.failing_since:
                self._failing.add(one.webhook_id)
        self._threads.start(due)
        if due:
            self._next_look = 0.0  # there may be more, for others

    def _room(self, webhook_id: str, is_failing: bool) -> int:
        most = MOST_OF_QUICK if webhook_id in self._quick else MOST_TO_ONE
        return (MOST_OF_FAILING if is_failing else most) - self._in_flight[webhook_id]

    def _note(self, ended: Ended) -> None:
        self._ended.put(ended)
        self._news.set()

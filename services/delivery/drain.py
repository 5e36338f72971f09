"""The worker's loop: claim due messages, keep many sends in flight, settle them in blocks.

One thread in each worker process. A bell wakes it at once; without one it polls every second, so retries, lost bells,
leases of dead workers and a dead broker are all the same case.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from heapq import heappop, heappush
from typing import Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from domain import tracing
from domain.faults import place
from domain.statuses import Lane
from models import clock, patience
from services.delivery import claims, endings, settling
from services.delivery.claims import Claimed
from services.delivery.send_threads import TICK_SECONDS, SendThreads
from services.delivery.settling import Settled, given_back
from services.delivery.slots import Flow, Slots
from services.events.message_news import Teller
from services.templating.text_versions import TextVersions

log = logging.getLogger(__name__)
LOOK_SECONDS = 1.0
ANSWER_SECONDS = 60.0
"""A database that is silent for as long is asked again over another connection."""
START_WITHIN_SECONDS = 0.9
"""A message that no thread has started this long after its claim is given back: a try may take 19 s of a 20 s lease."""

Threads = SendThreads[Flow, tuple[Claimed, float], Settled]


class Sends(Protocol):
    """Sends the messages that the loop has claimed."""

    def send(self, claimed: Claimed, lease_until: float) -> Settled:
        """Return how the try ended; raise nothing. `lease_until`: by `time.monotonic()`."""


class Drain:
    """Sends what is due in some lanes; `slots` and `ceilings` as in `Slots`."""

    def __init__(
        self,
        engine: Engine,
        sender: Sends,
        lanes: Sequence[Lane],
        *,
        slots: int,
        ceilings: Mapping[Lane, int] | None = None,
        versions: TextVersions | None = None,
        housekeeping: Callable[[datetime], None] | None = None,
        teller: Teller | None = None,
    ):
        self._engine = engine
        self._teller = teller
        self._slots = Slots(lanes, slots, ceilings)
        self._versions = versions or TextVersions()
        self._housekeeping = housekeeping
        self._news = threading.Event()
        """Set by a bell, by threads that have nothing left to send, and by `stop`."""
        self._sender = sender
        self._threads = self._new_threads(self._slots.all)
        self._own_threads = {lane: self._new_threads(most) for lane, most in self._slots.ceilings.items()}
        """For lanes with a ceiling: messages that wait for a mail server must not take the threads of other lanes."""
        self._unsettled: list[Settled] = []
        self._may_have_work: list[Flow] = []
        self._look = True
        self._next_look = 0.0
        self._alarms: list[float] = []
        self._stopping = False
        self._thread: threading.Thread | None = None

    def limit(self, lane: Lane, most: int | None) -> None:
        """Set the ceiling of a lane when its gateways have changed; only the housekeeping may call this."""
        if ceiling := self._slots.limit(lane, most):
            self._own_threads.setdefault(lane, self._new_threads(ceiling)).most = ceiling

    def _new_threads(self, most: int) -> Threads:
        return SendThreads(self._send_in_time, most, self._news.set)

    def _all_threads(self) -> list[Threads]:
        return [self._threads, *self._own_threads.values()]

    def _send_in_time(self, waiting: tuple[Claimed, float]) -> Settled:
        """Send, unless the message has waited so long that its lease could expire during the send."""
        claimed, until = waiting
        if time.monotonic() > until:
            return given_back(claimed, clock.now())
        return self._sender.send(claimed, until - START_WITHIN_SECONDS + claims.LEASE.total_seconds())

    def start(self) -> None:
        """Run the loop in a thread of its own until `stop`."""
        self._thread = threading.Thread(target=self._run, name="drain", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look for due messages now."""
        self._look = True
        self._news.set()
        # yields, so that the loop runs now: Celery's thread would hold the interpreter until its task is over
        time.sleep(0)

    def stop(self, seconds: float = 20.0) -> None:
        """Claim nothing more, wait for the sends in flight and settle them."""
        self._stopping = True
        self._news.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def run_until_idle(self) -> None:
        """Send everything that is due now, in the caller's thread."""
        while self._look or self._may_have_work or self._slots.in_flight or self._unsettled:
            self._turn()
            if self._slots.in_flight:
                self._wait()
                self._take_ended()
        for threads in self._all_threads():
            threads.stop()

    def _run(self) -> None:
        patience.in_background(ANSWER_SECONDS)
        while not self._stopping or self._slots.in_flight or self._unsettled:
            try:
                self._take_ended()
                self._look_at_the_clock()
                self._turn()
                self._wait()
            except SQLAlchemyError as error:
                self._stumble("the database did not answer: %s", type(error).__name__)
            except Exception as error:  # noqa: BLE001 - the drain must survive every error
                self._stumble("the drain failed and tries again: %s", place(error))
        for threads in self._all_threads():
            threads.stop()

    def _stumble(self, text: str, reason: str) -> None:
        log.error(text, reason)
        self._look = True
        time.sleep(LOOK_SECONDS)

    def _look_at_the_clock(self) -> None:
        """Look for due messages each second, and exactly when a retry of this process is due."""
        now = time.monotonic()
        while self._alarms and self._alarms[0] <= now:
            heappop(self._alarms)
            self._look = True
        if now >= self._next_look:
            self._next_look = now + LOOK_SECONDS
            heappush(self._alarms, self._next_look)
            self._look = True
            self._keep_house()

    def _keep_house(self) -> None:
        with self._engine.begin() as connection:
            now = clock.now()  # which the connection has told
            expired = settling.expire(connection, now, self._teller)
        if expired:
            log.warning("%s messages expired before they could be sent", expired)
        if self._housekeeping:
            self._housekeeping(now)

    def _turn(self) -> None:
        """Settle what has ended and claim what is due, in one transaction; then start the claimed messages.

        Sends that ended while the database was down are settled before anything is claimed, or they would be claimed
        again.
        """
        may_claim = not self._stopping and (self._look or any(map(self._slots.free, self._may_have_work)))
        if not self._unsettled and not may_claim:
            return
        claimed: list[tuple[Flow, list[Claimed]]] = []
        began = time.monotonic()  # before the claim: a slow commit is part of the lease
        try:
            with self._engine.begin() as connection:
                settling.settle(connection, self._unsettled)
                self._tell(connection)
                if may_claim:
                    self._claim(connection, claimed)
        except BaseException:
            for flow, block in claimed:
                flow.in_flight -= len(block)
            raise
        self._set_alarms()
        self._unsettled.clear()
        until, took = began + START_WITHIN_SECONDS, time.monotonic() - began
        for flow, block in claimed:
            threads = self._own_threads.get(flow.lane, self._threads)
            threads.start(flow, [(one, until) for one in block])
            tracing.current().claimed(flow.lane.value, (one.traceparent for one in block), took)

    def _tell(self, connection: Connection) -> None:
        """Tell endpoints what was just settled, in the same transaction."""
        if self._unsettled and self._teller is not None and self._teller.is_needed(connection):
            self._teller.tell(connection, settling.ends(self._unsettled), clock.now())
        endings.report(connection, self._unsettled, clock.now(), self._teller)

    def _claim(self, connection: Connection, claimed: list[tuple[Flow, list[Claimed]]]) -> None:
        """Claim for the free slots, codes first."""
        now = clock.now()
        if self._look:
            self._look = False
            self._may_have_work = claims.with_work(connection, self._slots.flows, now)
        for flow in list(self._may_have_work):
            limit = self._slots.free(flow)
            block = claims.claim(connection, flow.lane, flow.priority, limit, now) if limit else []
            if len(block) < limit:
                self._may_have_work.remove(flow)
            if block:
                self._versions.load_to_send(connection, block)
                flow.in_flight += len(block)
                claimed.append((flow, block))

    def _set_alarms(self) -> None:
        for one in self._unsettled:
            if one.due_at is not None:
                heappush(self._alarms, time.monotonic() + (one.due_at - one.at).total_seconds())

    def _take_ended(self) -> None:
        counts: dict[Flow, int] = {}
        for threads in self._all_threads():
            for flow, settled in threads.take_ended():
                counts[flow] = counts.get(flow, 0) + 1
                if settled is not None:
                    self._unsettled.append(settled)
        for flow, count in counts.items():
            self._slots.ended(flow, count)

    def _wait(self) -> None:
        """Wait for news or the next alarm; meanwhile add threads, so that no message waits behind a stuck one."""
        growing = self._all_threads()
        while growing := [threads for threads in growing if threads.may_grow]:
            if self._news.wait(TICK_SECONDS) or not self._patience():
                break
            for threads in growing:
                threads.grow()
        else:
            self._news.wait(self._patience())
        self._news.clear()

    def _patience(self) -> float:
        return max(0.0, self._alarms[0] - time.monotonic()) if self._alarms else LOOK_SECONDS

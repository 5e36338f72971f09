"""What clicks, and the codes that they make, take while a million messages are rolled up and purged."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from sqlalchemy import delete
from sqlalchemy.orm import Session

from bench.click import PATH, web
from bench.client import call
from bench.growth import CLIENTS, MILLION, furnished, waiting
from bench.house import noop_worker, wait_for
from bench.report import Figure, Skipped, percentile
from devtools.live.databases import SERVERS
from devtools.live.service import application
from domain.statuses import Priority
from models import DeliveryHour, OwnerHour, RolledHour, TrafficHour
from services import retention
from services.figures import rollups
from services.storage.transactions import change, transaction
from tests.live.installation import Installation

AT_ONCE = 200
"""Clicks of one client process: a run that outlasts the work is not counted."""
MOST_SECONDS = {"postgresql": 20, "sqlite": None}


@dataclass
class Clicks:
    """Clicks of one time: seconds of each, and from each to the hand-over of its code."""

    seconds: list[float] = field(default_factory=list)
    codes: list[float] = field(default_factory=list)
    work: float = 0.0
    """How long the work took meanwhile, in seconds."""


def measure(quick: bool) -> Iterator[Figure | Skipped]:
    """Yield the 95th percentiles as ratios to those of an idle database, the slowest click, and how long it took."""
    for kind in MOST_SECONDS:
        if kind in SERVERS and not os.environ.get(SERVERS[kind]):
            yield Skipped(f"purge, {kind}", f"{SERVERS[kind]} is not set")
            continue
        kept = 5_000 if quick else MILLION
        with furnished(kind, kept) as made, web(made, "create_app") as server, noop_worker(made):
            clicker = _Clicker(made, server.port)
            clicker.click()
            idle = clicker.during(partial(time.sleep, 1 if quick else 20))
            rolling = clicker.during(_roll_up_all)
            purging = clicker.during(partial(retention.purge, timedelta(hours=1)))
        yield from _figures(kind, idle, {"rolled up": rolling, "purged": purging})


class _Clicker:
    """Clicks while something else is done."""

    def __init__(self, made: Installation, port: int):
        self._made, self._port, self._key = made, port, made.key()
        self._next = 2 * MILLION

    def click(self) -> list[float]:
        """Let a client process click; return the seconds of each."""
        first, self._next = self._next, self._next + AT_ONCE
        return call(self._port, PATH, clients=CLIENTS, count=AT_ONCE, key=self._key, first=first).seconds

    def during(self, work: Callable[[], object]) -> Clicks:
        """Click until the work is done."""
        found, done = Clicks(), threading.Event()
        began = time.time()

        def keep_clicking() -> None:
            while not done.is_set():
                seconds = self.click()
                if not done.is_set() or not found.seconds:
                    found.seconds += seconds

        thread = threading.Thread(target=keep_clicking)
        thread.start()
        try:
            with application(self._made.env):
                started = time.monotonic()
                work()
                found.work = time.monotonic() - started
        finally:
            done.set()
            thread.join()
        ours = f"created_at > {int(began * 1e6)} AND priority = {int(Priority.CODE)}"
        wait_for(lambda: not waiting(self._made, ours), 60)
        rows = self._made.query(f"SELECT sent_at - created_at FROM message WHERE {ours}")
        found.codes = [took / 1e6 for (took,) in rows]
        return found


def _roll_up_all() -> None:
    def forget(session: Session) -> None:
        for model in (TrafficHour, OwnerHour, DeliveryHour, RolledHour):
            change(session, delete(model))

    transaction(forget)
    rollups.roll_up()


def _figures(kind: str, idle: Clicks, others: dict[str, Clicks]) -> Iterator[Figure]:
    for what, busy in others.items():
        meanwhile = f"while a million messages are {what}, {kind}"
        for name, here, there in (
            ("click", busy.seconds, idle.seconds),
            ("code", busy.codes, idle.codes),
        ):
            now, before = percentile(here, 0.95), percentile(there, 0.95)
            yield Figure(
                f"{name} p95 {meanwhile} / idle",
                f"{CLIENTS} clients on kept connections, {len(here)} clicks; waitress and one worker",
                now / before,
                at_most=2,
                seen=f"{1e3 * now:.1f} / {1e3 * before:.1f} ms",
            )
        yield Figure(
            f"slowest click {meanwhile}",
            f"of {len(busy.seconds)}",
            1e3 * max(busy.seconds),
            "ms",
            at_most=300,
            seen=f"idle {1e3 * max(idle.seconds):.0f} ms",
        )
    yield Figure(
        f"purge of a million messages, {kind}",
        "with their codes and tries; seconds beside the clicks",
        others["purged"].work,
        "s",
        at_most=MOST_SECONDS[kind],
    )

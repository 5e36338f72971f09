"""What each way to run Sendcode gives, against how a site would do it itself: see `bench/plain.py`."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from bench import plain, start
from bench.bursts import times_to_gateway
from bench.click import CLIENTS, GUNICORN, PATH, WAITRESS, Server, web
from bench.client import Run, call
from bench.house import house, wait_for
from bench.report import Figure, Skipped, median
from devtools.live.databases import SERVERS, temporary_database
from devtools.live.process import COMMANDS, Process
from devtools.live.service import application
from exts import db
from tests.live.installation import Installation

PLAIN, SYNCHRONOUS = "/bench/plain", "/bench/synchronous"
PATHS = (PATH, PLAIN, SYNCHRONOUS)
WAYS = {
    PLAIN: "the other commits one ORM object and calls apply_async",
    SYNCHRONOUS: "the other keeps the code in Redis and calls the gateway, which answers at once",
}
LIMITS_ON = {"RESEND_COOLDOWN_SECONDS": 60, "DESTINATION_SENDS_PER_DAY": 10}
SERVED = (
    ("postgresql", "gunicorn, 2 processes of 8 threads", GUNICORN, 3.2),
    ("postgresql", "waitress, 16 threads", WAITRESS, 2.2),
    ("sqlite", "waitress, 16 threads", WAITRESS, 2.2),
)
"""Kinds of databases, servers, and how many times as many clicks each must take."""


@dataclass
class Seen:
    """What was measured of one path, round by round."""

    many: list[Run] = field(default_factory=list)
    """By several clients at once."""
    alone: list[float] = field(default_factory=list)
    """The median of one client's calls, in seconds."""
    idle: list[float] = field(default_factory=list)
    """Seconds from each request to its gateway call."""

    @property
    def rate(self) -> float:
        """Requests a second."""
        return median(run.rate for run in self.many)


def measure(quick: bool) -> Iterator[Figure | Skipped]:
    """Interleave our click, the straightforward route and a send in the request; then compare the starts."""
    for kind, server, command, at_least in SERVED:
        where = f"{kind}, {server}"
        if kind in SERVERS and not os.environ.get(SERVERS[kind]):
            yield Skipped(f"ratios, {where}", f"{SERVERS[kind]} is not set")
            continue
        with _installed(kind) as made, web(made, "create_app", command=command) as running:
            seen = _seen(made, running, quick)
        yield from _figures(where, seen, at_least)
    yield start.measure_cpu(quick)


@contextmanager
def _installed(kind: str) -> Iterator[Installation]:
    """Make an installation with the table of the straightforward way, which two processes must not make at once."""
    if kind == "sqlite":
        with house(**LIMITS_ON) as made:
            yield _with_gateway(made)
        return
    with temporary_database(os.environ[SERVERS[kind]]) as url, house(database_url=url, **LIMITS_ON) as made:
        yield _with_gateway(made)


def _with_gateway(made: Installation) -> Installation:
    made.env[plain.GATEWAY] = made.sms.url
    with application(made.env):
        plain.Base.metadata.create_all(db.engine)
    return made


def _seen(made: Installation, server: Server, quick: bool) -> dict[str, Seen]:
    rounds, calls, sends = (1, 60, 10) if quick else (5, 1500, 40)
    seen, key, numbers = {path: Seen() for path in PATHS}, made.key(), count(step=2000)
    for path in PATHS:  # every process has loaded, and every path is warm
        call(server.port, path, clients=CLIENTS, count=calls, key=key, first=next(numbers))
    with made.worker(), _plain_worker(made):
        wait_for(lambda: made.statuses() == {"sent": calls}, 60, every=0.1)
        for _ in range(rounds):
            for path, one in seen.items():
                ours = range(first := next(numbers), first + sends)
                times = list(times_to_gateway(made, server.port, path, key, ours, pause=0.05))
                one.idle += times[sends // 5 :]
    for _ in range(rounds):
        for path, one in seen.items():
            run = call(server.port, path, clients=CLIENTS, count=calls, key=key, first=next(numbers))
            one.many.append(run)
        for path, one in seen.items():
            run = call(server.port, path, clients=1, count=calls // 3, key=key, first=next(numbers))
            one.alone.append(median(run.seconds))
    return seen


@contextmanager
def _plain_worker(made: Installation) -> Iterator[None]:
    options = ["--pool=solo", "-Q", plain.QUEUE, "-n", "plain", "--loglevel=INFO"]
    command = [COMMANDS / "celery", "-A", "bench.plain_worker:celery", "worker", *options]
    worker = Process("plain-worker", command, made.env, made.folder / "plain-worker.log")
    try:
        worker.wait_until_said(" ready.")
        yield
    finally:
        worker.stop()


def _figures(where: str, seen: dict[str, Seen], at_least: float) -> Iterator[Figure]:
    ours = seen[PATH]
    other_ways = (
        (PLAIN, "straightforward route", at_least, 0.45, 1.0),
        (SYNCHRONOUS, "send in the request", None, None, None),
    )
    for path, name, rate, alone, idle in other_ways:
        there = seen[path]
        yield Figure(
            f"click / {name}, {where}",
            f"requests a second; {CLIENTS} clients on kept connections, {WAYS[path]}",
            ours.rate / there.rate,
            at_least=rate,
            seen=f"{ours.rate:,.0f} / {there.rate:,.0f} a second",
        )
        yield _ratio("click p50", "one call, of one client", ours.alone, there.alone, (name, where), alone)
        counts = "a request's first byte to the gateway's call, while all is idle; solo workers"
        yield _ratio("click to gateway p50", counts, ours.idle, there.idle, (name, where), idle)


def _ratio(
    what: str,
    counts: str,
    ours: list[float],
    theirs: list[float],
    among: tuple[str, str],
    at_most: float | None,
) -> Figure:
    here, there = median(ours), median(theirs)
    return Figure(
        f"{what} / {', '.join(among)}",
        f"seconds of {counts}",
        here / there,
        at_most=at_most,
        seen=f"{1e3 * here:.2f} / {1e3 * there:.2f} ms",
    )

"""What each worker does besides sending: report that it is alive, and what it is given to do each second."""

import os
import socket
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, insert, update
from sqlalchemy.exc import IntegrityError

from models import clock
from models.process import SeenProcess

SEEN_EVERY = timedelta(seconds=5)
MOST_IDS = 10
"""Of keys that a process tells: what the column has room for."""

seen = SeenProcess.__table__


def process_name(kind: str) -> str:
    """Return a name that no other process of this installation has."""
    return f"{kind}@{socket.gethostname()[:80]}:{os.getpid()}"


def say_alive(
    engine: Engine, kind: str, lanes: Iterable[str], now: datetime, *, pepper_ids: Sequence[str] = ()
) -> None:
    """Record that this process was alive at `now`, how far its clock is off, and the ids of its newest keys."""
    ahead, ids = clock.ahead(), ",".join(pepper_ids[:MOST_IDS])
    values = {
        "kind": kind,
        "lanes": ",".join(lanes),
        "seen_at": now,
        "ahead_ms": None if ahead is None else round(ahead * 1000),
        "pepper_ids": ids,
    }
    name = process_name(kind)
    with engine.begin() as connection:
        if connection.execute(update(seen).where(seen.c.name == name).values(**values)).rowcount:
            return
    try:
        with engine.begin() as connection:
            connection.execute(insert(seen).values(name=name, **values))
    except IntegrityError:
        pass  # the same process, from two threads


class Housekeeping:
    """Runs `each_second` on every call, and says that the worker is alive when that is due."""

    def __init__(
        self,
        engine: Engine,
        lanes: Iterable[str],
        each_second: Sequence[Callable[[], None]] = (),
        pepper_ids: Sequence[str] = (),
    ):
        self._engine = engine
        self._pepper_ids = pepper_ids
        self._lanes = list(lanes)
        self._each_second = each_second
        self._next_seen = datetime.min.replace(tzinfo=UTC)

    def __call__(self, now: datetime) -> None:
        for duty in self._each_second:
            duty()
        if now >= self._next_seen:
            self._next_seen = now + SEEN_EVERY
            say_alive(self._engine, "worker", self._lanes, now, pepper_ids=self._pepper_ids)

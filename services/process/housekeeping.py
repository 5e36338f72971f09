"""What each worker does besides sending: report that it is alive, and erase the codes of expired verifications."""

import os
import socket
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from models import clock
from models.process import SeenProcess
from models.verification import Verification

SEEN_EVERY = timedelta(seconds=5)
ERASE_EVERY = timedelta(seconds=10)
ERASE_AGAIN = timedelta(hours=1)
"""What expired so long before the last look is looked at again: workers' clocks differ."""
MOST_IDS = 10
"""Of keys that a process tells: what the column has room for."""

seen = SeenProcess.__table__
verifications = Verification.__table__


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


def ended_codes(now: datetime, looked_at: datetime | None) -> list[ColumnElement[bool]]:
    """Tell of verifications that they have expired and still have their sealed code.

    `looked_at`: when this process looked last. The first look finds what is left from any time, and reads what is kept
    of it; the others read little.
    """
    ended = [verifications.c.expires_at <= now, verifications.c.sealed_code.is_not(None)]
    return ended if looked_at is None else [verifications.c.expires_at > looked_at - ERASE_AGAIN, *ended]


def erase_ended_codes(engine: Engine, now: datetime, looked_at: datetime | None = None) -> None:
    """Erase the sealed codes of expired verifications; approving and canceling erase theirs at once."""
    ended = ended_codes(now, looked_at)
    with engine.begin() as connection:
        if connection.execute(select(verifications.c.id).where(*ended).limit(1)).first():
            connection.execute(update(verifications).where(*ended).values(sealed_code=None))


class Housekeeping:
    """Runs `each_second` on every call, and both duties above when they are due."""

    def __init__(
        self,
        engine: Engine,
        lanes: Iterable[str],
        each_second: Sequence[Callable[[], None]] = (),
        pepper_ids: Sequence[str] = (),
        *,
        erases: bool = True,
    ):
        """`erases`: False where another thread of the process erases codes, because it also tells of them."""
        self._engine, self._erases = engine, erases
        self._pepper_ids = pepper_ids
        self._lanes = list(lanes)
        self._each_second = each_second
        self._next_seen = self._next_erase = datetime.min.replace(tzinfo=UTC)
        self._looked_at: datetime | None = None

    def __call__(self, now: datetime) -> None:
        for duty in self._each_second:
            duty()
        if now >= self._next_seen:
            self._next_seen = now + SEEN_EVERY
            say_alive(self._engine, "worker", self._lanes, now, pepper_ids=self._pepper_ids)
        if self._erases and now >= self._next_erase:
            self._next_erase = now + ERASE_EVERY
            erase_ended_codes(self._engine, now, self._looked_at)
            self._looked_at = now

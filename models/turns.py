"""SQLite has one writer at a time: threads of one process wait on a lock instead of polling SQLite's.

SQLite itself waits by sleeping and trying again, up to a tenth of a second each time.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from models import patience
from models.checkout import BUSY_SECONDS
from models.patience import NoAnswer

_turn = threading.RLock()


@contextmanager
def turn_to_write(engine: Engine) -> Iterator[None]:
    """Wait until no other thread of this process writes, where the database takes one writer only.

    It guarantees no exclusion, which SQLite does: a thread that has waited as long as SQLite would wait goes on. A
    request that has waited as long as it may raises NoAnswer.
    """
    if engine.dialect.name != "sqlite":
        yield
        return
    turn = _turn
    left = patience.left()
    has_turn = turn.acquire(timeout=BUSY_SECONDS if left is None else left)
    if not has_turn and left is not None:
        patience.note_stall()
        raise NoAnswer("other writers hold the database")
    try:
        yield
    finally:
        if has_turn:
            turn.release()


def _start_anew() -> None:
    """Give a forked process a lock of its own: a thread that the child does not have may hold the parent's."""
    global _turn
    _turn = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)

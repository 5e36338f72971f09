"""Group commit: several callers' work in one commit, where the database takes one writer at a time.

The thread that holds the write lock commits for every waiting caller: of ten requests at once, one pays for the commit.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import copy_context
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from models.turns import turn_to_write

T = TypeVar("T")
Work = Callable[[Connection], T]
Put = Callable[[Connection, Sequence[T]], None]
MOST = 16
"""The most pieces of work in one commit: each caller waits for all of them."""
LOOK_AGAIN_SECONDS = 0.01


class Piece(Generic[T]):
    """One caller's work, run in that caller's context by the thread that holds the write lock."""

    def __init__(self, work: Work[T], put: Put[T]):
        self.put = put
        self.has_ended = False
        self._work = work
        self._context = copy_context()
        self._result: T | None = None
        self._error: Exception | None = None

    def do(self, connection: Connection) -> T:
        """Run the work and return its result; it runs again if the transaction was rolled back."""
        return self._context.run(self._work, connection)

    def end(self, result: T | None, error: Exception | None = None) -> None:
        """Keep the outcome for the caller; the transaction has ended by now."""
        self._result, self._error = result, error
        self.has_ended = True

    def outcome(self) -> T:
        """Return the result of the work or raise its error."""
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]  # None where the work returned it


_waiting: WeakKeyDictionary[Engine, deque[Piece[Any]]] = WeakKeyDictionary()


def commit(engine: Engine, work: Work[T], put: Put[T]) -> T:
    """Run `work` and `put`, commit, maybe together with other callers' work, and return what `work` returned.

    `put` is called once with the results of all work that shares it. A piece of work that fails does not fail the
    others: if it wrote nothing, it fails alone; if it did, the transaction is rolled back and each piece runs again in
    a transaction of its own.
    """
    piece = Piece(work, put)
    waiting = _waiting.setdefault(engine, deque())
    waiting.append(piece)
    try:
        with turn_to_write(engine):
            while not piece.has_ended:
                if not _lead(engine, waiting):  # a thread that timed out waiting for the lock has it
                    time.sleep(LOOK_AGAIN_SECONDS)
    finally:
        if not piece.has_ended:
            with suppress(ValueError):
                waiting.remove(piece)
    return piece.outcome()


def _lead(engine: Engine, waiting: deque[Piece[Any]]) -> bool:
    """Run the waiting work; tell whether there was any."""
    taken: list[Piece[Any]] = []
    try:
        _together(engine, waiting, taken)
    except Exception as error:
        if not taken:
            raise
        if len(taken) == 1 or _is_locked(error):
            for piece in taken:  # each on its own would wait as long again
                piece.end(None, error)
        else:
            for piece in taken:
                _lead(engine, deque([piece]))
    finally:  # if this thread is interrupted, the other callers run their own work
        waiting.extendleft(piece for piece in reversed(taken) if not piece.has_ended)
    return bool(taken)


def _is_locked(error: Exception) -> bool:
    return isinstance(error, OperationalError) and "locked" in str(error.orig)


def _together(engine: Engine, waiting: deque[Piece[Any]], taken: list[Piece[Any]]) -> None:
    """Run the waiting work in one transaction; if this raises, nothing was written and no piece has ended."""
    outcomes: list[tuple[Any, Exception | None]] = []
    results: dict[Put[Any], list[Any]] = {}
    with engine.begin() as connection:
        driver: Any = connection.connection.driver_connection
        while len(taken) < MOST and (piece := _next(waiting)):
            taken.append(piece)
            before = driver.total_changes
            try:
                result = piece.do(connection)
            except Exception as error:
                if isinstance(error, DBAPIError) or driver.total_changes != before:
                    raise
                outcomes.append((None, error))
            else:
                outcomes.append((result, None))
                results.setdefault(piece.put, []).append(result)
        for put, theirs in results.items():
            put(connection, theirs)
    for piece, outcome in zip(taken, outcomes, strict=True):
        piece.end(*outcome)


def _next(waiting: deque[Piece[Any]]) -> Piece[Any] | None:
    try:
        return waiting.popleft()
    except IndexError:
        return None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_waiting.clear)  # it belongs to the parent's threads

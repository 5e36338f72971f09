"""Delete many rows in blocks with a transaction each, at a pace that leaves the database to others."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, text, tuple_
from sqlalchemy.orm import Session

from exts import db
from services.storage.transactions import change, transaction

LONGEST_REST_SECONDS = 0.1
"""On a busy machine a block takes long because its process waits, too: then longer rests would help nobody."""
_SETTINGS = {
    **dict.fromkeys(("enable_hashjoin", "enable_mergejoin", "enable_sort", "jit"), "off"),
    "work_mem": "32MB",
    "synchronous_commit": "off",
}
"""For one transaction of PostgreSQL that deletes a block.

Its statistics still count the rows that the blocks before deleted, so it would expect many times what a block has, and
read a whole table to join it: 0.5 s for each block of a million messages. What belongs to a block is found by index,
and kept in memory. Nobody waits for the log to be on the disk: a block that a crash brings back goes the next time.
"""
Conditions = Sequence[ColumnElement[bool]]
Delete = Callable[[Session, Conditions, Sequence[Any]], int]
"""Deletes the rows that meet some conditions, and returns how many; the caller commits.

Where the conditions name the rows, the third argument are their keys, and the caller holds their locks.
"""


@dataclass(frozen=True, slots=True)
class Doomed:
    """Rows to delete: those of `model` that meet the conditions, and are from before a time by the column `by`.

    That column has an index, in whose order they go, so that no block reads what the blocks before it deleted. Where it
    has none, both are None.
    """

    model: type[Any]
    conditions: Conditions
    by: Any = None
    before: Any = None
    remove: Delete | None = None
    """How to delete them, where more must happen than that."""


@dataclass(slots=True)
class Pace:
    """How many rows the next block has: as many as take `seconds`; `rest` is how long to wait after it, in blocks.

    SQLite has one writer, so each block must be over before a click notices, and few clicks may meet one: who finds it
    locked sleeps for 1, 2, 5, 10 … ms between two looks. On servers nobody waits for these rows.
    """

    seconds: float
    least: int
    most: int
    rest: float
    size: int
    rest_alone: float | None = None
    """The same while nobody else writes, where that can be told."""

    def after(self, took: float, *, is_alone: bool = False) -> None:
        """Wait as long as a block demands, and choose the size of the next."""
        rest = self.rest if self.rest_alone is None or not is_alone else self.rest_alone
        time.sleep(min(rest * took, LONGEST_REST_SECONDS))
        if took > self.seconds:
            self.size = max(self.least, self.size // 2)
        elif took < self.seconds / 2:
            self.size = min(self.most, self.size * 2)


def pace() -> Pace:
    """Return the pace for this application's database."""
    if db.engine.dialect.name == "sqlite":
        return Pace(seconds=0.002, least=20, most=1000, rest=8.0, size=20, rest_alone=1.0)
    if db.engine.dialect.name == "postgresql":
        return Pace(seconds=1.0, least=5000, most=20_000, rest=0, size=5000)
    return Pace(seconds=0.25, least=1000, most=2000, rest=0.2, size=1000)


def delete_all(doomed: Doomed, pace: Pace) -> Iterator[int]:
    """Delete rows block by block; yields the number of rows of each block.

    Only rows that meet the conditions are locked, so nobody waits who sends or checks.
    """
    last, version = None, _version()
    while True:
        gone, last, is_end, began = transaction(partial(_block, doomed=doomed, since=last, size=pace.size))
        took = time.monotonic() - began
        yield gone
        if is_end:
            return
        before, version = version, _version()
        pace.after(took, is_alone=version is not None and version == before)


def _version() -> int | None:
    """Return a number that changes when another connection writes; None where the database has none.

    Moves what a block wrote from SQLite's log to its file, holding no lock: else a click would have to.
    """
    if db.engine.dialect.name != "sqlite":
        return None
    db.session.execute(text("PRAGMA wal_checkpoint(PASSIVE)"))
    found = db.session.scalar(text("PRAGMA data_version"))
    db.session.rollback()
    return int(found)


def _block(session: Session, doomed: Doomed, since: Any, size: int) -> tuple[int, Any, bool, float]:
    """Delete a block.

    Return how many rows it had, the place of its last one, whether it was the last block, and since when it has held
    locks, from `time.monotonic()`: neither looking for the rows nor waiting for others is part of what others wait for.
    """
    by, conditions, began = doomed.by, doomed.conditions, time.monotonic()
    if by is not None and session.get_bind().dialect.name == "postgresql":
        # a span of time, whose rows need not be named: thousands of ids take longer than what is done to them
        session.execute(select(*(func.set_config(name, value, True) for name, value in _SETTINGS.items())))
        span = (by < doomed.before,) if since is None else (by < doomed.before, by > since)
        last = session.scalar(select(by).where(*span).order_by(by).offset(size - 1).limit(1))
        end = () if last is None else (by <= last,)
        return _remove(session, doomed, (*conditions, *span, *end), ()), last, last is None, began
    if by is not None:
        conditions = (*conditions, by < doomed.before, *(() if since is None else (by >= since,)))
    key = doomed.model.__table__.primary_key.columns.values()
    place = [] if by is None else [by]
    found = select(*key, *place).where(*conditions).order_by(*place).limit(size)
    rows = session.execute(found.with_for_update(skip_locked=True)).all()
    if not rows:
        return 0, None, True, began
    ids = [row[: len(key)] if len(key) > 1 else row[0] for row in rows]
    named = (tuple_(*key) if len(key) > 1 else key[0]).in_(ids)
    # SQLite locks no rows, so they may have changed; on MariaDB more conditions could mean another index, and its locks
    again: Conditions = ()
    if session.get_bind().dialect.name == "sqlite":
        again = conditions
        session.connection().exec_driver_sql("BEGIN IMMEDIATE")
        began = time.monotonic()
    gone = _remove(session, doomed, (named, *again), ids)
    return gone, rows[-1][-1] if place else None, len(rows) < size, began


def _remove(session: Session, doomed: Doomed, chosen: Conditions, ids: Sequence[Any]) -> int:
    if doomed.remove is not None:
        return doomed.remove(session, chosen, ids)
    return change(session, delete(doomed.model).where(*chosen))

"""Run a piece of work in one transaction, again where another writer was faster."""

import logging
import random
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, CursorResult, Executable
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from exts import db
from models.turns import turn_to_write

log = logging.getLogger(__name__)
T = TypeVar("T")
Writer = Connection | Session
"""What executes plain statements in its caller's transaction."""
TRIES = 30
_RETRYABLE = {
    "40001",
    "40P01",
    1205,
    1213,
}  # PostgreSQL serialization and deadlock, MySQL lock wait and deadlock


class LostRace(Exception):
    """Raised inside a transaction when a row changed since it was read; the work starts again."""


def transaction(work: Callable[[Session], T]) -> T:
    """Return what `work` returns after committing it; roll back and pass on every error.

    The work is run again after LostRace and after a deadlock, so it must have no effect outside the database.
    """

    def once() -> T:
        try:
            result = work(db.session())
            db.session.commit()
        except BaseException:
            db.session.rollback()
            raise
        return result

    return _until_won(once)


def statements(work: Callable[[Connection], T]) -> T:
    """Do the same for work that needs no objects, only plain statements: it costs half as much.

    What the session has open is let go first, so that no caller waits for a second connection while holding one.
    """
    if db.session.registry.has():
        db.session.rollback()

    def once() -> T:
        with db.engine.begin() as connection:
            return work(connection)

    return _until_won(once)


def _until_won(once: Callable[[], T]) -> T:
    for attempt in range(TRIES):
        try:
            with turn_to_write(db.engine):
                return once()
        except LostRace:
            pass
        except DBAPIError as error:
            if not _retryable(error) or attempt == TRIES - 1:
                raise
        time.sleep(random.uniform(0, 0.002 * (attempt + 1)))  # noqa: S311 - spreads rivals, guards nothing
    raise RuntimeError(f"gave up after {TRIES} lost races")


def change(writer: Writer, statement: Executable, values: Mapping[str, Any] | None = None) -> int:
    """Execute an UPDATE or DELETE and return how many rows it met; objects in the session don't follow."""
    result = writer.execute(statement, values, execution_options={"synchronize_session": False})
    return cast(CursorResult[Any], result).rowcount


def _retryable(error: DBAPIError) -> bool:
    original = error.orig
    state = getattr(original, "sqlstate", None) or next(iter(getattr(original, "args", ())), None)
    return state in _RETRYABLE

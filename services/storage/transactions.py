"""Run a piece of work in one transaction, and again if another writer was faster."""

import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, CursorResult, Executable
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from domain import tracing
from exts import db
from models import patience
from models.reasons import reason
from models.turns import turn_to_write
from services.storage import group_commit, joint

log = logging.getLogger(__name__)
T = TypeVar("T")
Writer = Connection | Session
"""Executes plain statements in the caller's transaction."""
TRIES = 30
_RETRYABLE = {"40001", "40P01", 1205, 1213}
"""PostgreSQL: serialization failure, deadlock; MySQL: lock wait timeout, deadlock."""


class LostRace(Exception):
    """Raised inside a transaction when a row changed since it was read; the work starts again."""


def transaction(work: Callable[[Session], T]) -> T:
    """Run `work`, commit, and return what it returned; roll back and re-raise every error.

    The work runs again after LostRace and after a deadlock, so it must have no effect outside the database.
    """

    shared = joint.current()

    def once() -> T:
        with turn_to_write(db.engine) if shared is None else shared.piece(in_session=True):
            try:
                result = work(db.session())
                db.session.commit()
            except BaseException:
                db.session.rollback()
                raise
            return result

    return _until_won(once)


def statements(work: Callable[[Connection], T]) -> T:
    """Do the same for work that needs only plain statements and no ORM objects: it costs half as much.

    The session's transaction is rolled back first, so that no caller waits for a second connection while holding one.
    """
    _let_go_of_session()
    shared = joint.current()

    def once() -> T:
        if shared is not None:
            with shared.piece() as connection:
                return work(connection)
        with turn_to_write(db.engine), db.engine.begin() as connection:
            return work(connection)

    return _until_won(once)


def grouped(work: Callable[[Connection], T], put: Callable[[Connection, Sequence[T]], None]) -> T:
    """Do the same for many callers at once: they share a commit where they would otherwise wait for each other.

    `put` gets what `work` returned, and inserts for several callers in one statement. Both may run in another caller's
    thread: `work` in the context of its own caller, `put` in that of any of them.
    """
    if db.engine.dialect.name != "sqlite" or joint.current() is not None:

        def alone(connection: Connection) -> T:
            result = work(connection)
            put(connection, [result])
            return result

        return statements(alone)
    _let_go_of_session()
    return _until_won(lambda: group_commit.commit(db.engine, work, put))


def _let_go_of_session() -> None:
    if db.session.registry.has():
        db.session.rollback()


def _until_won(once: Callable[[], T]) -> T:
    with tracing.current().commit():
        return _again_until_won(once)


def _again_until_won(once: Callable[[], T]) -> T:
    shared = joint.current()
    for attempt in range(TRIES):
        has_more_to_lose = shared is not None and shared.is_open
        try:
            return once()
        except LostRace:
            pass
        except DBAPIError as error:
            # a deadlock may have undone the earlier pieces of the shared transaction, too
            if not _retryable(error) or attempt == TRIES - 1 or has_more_to_lose or patience.left() == 0:
                raise
        time.sleep(random.uniform(0, 0.002 * (attempt + 1)))  # noqa: S311 - jitter, no secret
    raise RuntimeError(f"gave up after {TRIES} lost races")


def change(writer: Writer, statement: Executable, values: Mapping[str, Any] | None = None) -> int:
    """Execute an UPDATE or DELETE and return how many rows matched; objects in the session are not refreshed."""
    result = writer.execute(statement, values, execution_options={"synchronize_session": False})
    return cast(CursorResult[Any], result).rowcount


def _retryable(error: DBAPIError) -> bool:
    return reason(error.orig) in _RETRYABLE

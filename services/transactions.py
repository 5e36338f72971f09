"""Run a piece of work in one transaction, again where another writer was faster."""

import logging
import random
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

from sqlalchemy import CursorResult, Executable
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from exts import db

log = logging.getLogger(__name__)
T = TypeVar("T")
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
    for attempt in range(TRIES):
        try:
            result = work(db.session())
            db.session.commit()
        except LostRace:
            db.session.rollback()
        except DBAPIError as error:
            db.session.rollback()
            if not _retryable(error) or attempt == TRIES - 1:
                raise
        except BaseException:
            db.session.rollback()
            raise
        else:
            return result
        time.sleep(random.uniform(0, 0.002 * (attempt + 1)))  # noqa: S311 - spreads rivals, guards nothing
    raise RuntimeError(f"gave up after {TRIES} lost races")


def change(session: Session, statement: Executable) -> int:
    """Execute an UPDATE or DELETE and return how many rows it met; objects in the session don't follow."""
    result = session.execute(statement, execution_options={"synchronize_session": False})
    return cast(CursorResult[Any], result).rowcount


def _retryable(error: DBAPIError) -> bool:
    original = error.orig
    state = getattr(original, "sqlstate", None) or next(iter(getattr(original, "args", ())), None)
    return state in _RETRYABLE

"""What happens when a caller takes a connection from the pool: it must answer, and obey the caller's patience."""

import sqlite3
import threading
import time
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Dialect, Engine, ExceptionContext
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

from models import clock, patience, watch
from models.patience import NoAnswer
from models.reasons import reason

WATCHED = ("psycopg", "pymysql")
"""Drivers whose connections are watched, and asked for a sign of life here instead of by SQLAlchemy's pre-ping."""
BUSY_SECONDS = 5
_STALLS = ("55P03", "57014", 1205, 1969, 3024)
"""PostgreSQL: lock timeout, statement timeout; MariaDB and MySQL: the same."""
_STEP = 500
"""Milliseconds; SQLite is told a new timeout only if it differs by as much."""
_probe = threading.Lock()


@event.listens_for(Engine, "checkout")
def _check_out(connection: Any, entry: ConnectionPoolEntry, _: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        _limit_sqlite(connection, entry)
    elif _driver(connection) in WATCHED:
        _ask(connection, entry)


@event.listens_for(Engine, "checkin")
def _check_in(connection: Any, _: ConnectionPoolEntry) -> None:
    if connection is not None:
        watch.watch.stop(connection)


@event.listens_for(Engine, "invalidate")
def _forget(connection: Any, _: ConnectionPoolEntry, __: Any) -> None:
    watch.watch.stop(connection)


@event.listens_for(Engine, "do_connect")
def _connect(dialect: Dialect, _: Any, arguments: Any, options: Any) -> Any:
    """While the database answers nobody, only one request at a time tries to reach it; the others are refused."""
    if patience.current() is None or dialect.driver not in WATCHED:
        return None
    is_probe = patience.is_stalled()
    if is_probe and not _probe.acquire(blocking=False):
        raise NoAnswer("the database does not answer")
    seconds = 1 if is_probe and dialect.driver == "pymysql" else patience.CONNECT_SECONDS
    limited = {name: seconds for name in ("connect_timeout", "read_timeout") if name in options}
    try:
        return dialect.connect(*arguments, **{**options, **limited})
    except Exception:
        patience.note_stall()
        raise
    finally:
        if is_probe:
            _probe.release()


@event.listens_for(Engine, "handle_error")
def _note(context: ExceptionContext) -> None:
    """Note waits in vain, so that the next requests are refused sooner."""
    error = context.original_exception
    locked = isinstance(error, sqlite3.OperationalError) and "locked" in str(error)
    if patience.current() is not None and (context.is_disconnect or locked or reason(error) in _STALLS):
        patience.note_stall()


def _limit_sqlite(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
    left = patience.left()
    wanted = BUSY_SECONDS * 1000 if left is None else -(-int(left * 1000) // _STEP) * _STEP
    if entry.info.get("busy", BUSY_SECONDS * 1000) != wanted:
        connection.execute(f"PRAGMA busy_timeout={wanted}")
        entry.info["busy"] = wanted


def _ask(connection: Any, entry: ConnectionPoolEntry) -> None:
    """Tell the server the caller's limits, or else just ask for a sign of life, which is its time; raises NoAnswer."""
    mine, left = patience.current(), patience.left()
    until = time.monotonic() + (patience.BACKGROUND_SECONDS if left is None else left)
    wanted = None if mine is None else mine.limits
    is_fresh, known = "limits" not in entry.info, entry.info.get("limits")
    watch.watch.start(connection, until)
    try:
        if wanted != known:
            _execute(connection, _limits(connection, wanted))
        if is_fresh or wanted == known:
            began = time.time()
            clock.note(float(_execute(connection, clock.QUESTIONS[_driver(connection)])), began)
    except Exception as error:
        watch.watch.stop(connection)
        if time.monotonic() < until:
            raise InvalidatePoolError from error
        patience.note_stall()
        raise NoAnswer("the database does not answer") from None
    entry.info["limits"] = wanted
    if mine is None:
        watch.watch.stop(connection)
    else:
        watch.watch.start(connection, time.monotonic() + mine.runs if mine.until is None else until)


def _execute(connection: Any, statement: str) -> Any:
    """Execute outside of any transaction, whose rollback would take a setting back; return the first value."""
    if _driver(connection) != "psycopg":
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone()[0] if cursor.description else None
    before, connection.autocommit = connection.autocommit, True
    cursor = connection.execute(statement)
    connection.autocommit = before
    return cursor.fetchone()[0] if cursor.description else None


def _limits(connection: Any, limits: tuple[int, int] | None) -> str:
    if _driver(connection) == "psycopg":
        names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
        if limits is None:
            return "; ".join(f"SET {name} TO DEFAULT" for name in names)
        values = (*limits, limits[1])
        return "; ".join(f"SET {name} = {value}" for name, value in zip(names, values, strict=True))
    seconds: Any = "DEFAULT" if limits is None else max(1, limits[0] // 1000)
    told = f"SET SESSION innodb_lock_wait_timeout={seconds}, SESSION lock_wait_timeout={seconds}"
    if "mariadb" in connection.get_server_info().lower():
        return f"{told}, SESSION max_statement_time={'DEFAULT' if limits is None else limits[1] / 1000}"
    return f"{told}, SESSION max_execution_time={'DEFAULT' if limits is None else limits[1]}"


def _driver(connection: Any) -> str:
    return type(connection).__module__.partition(".")[0]

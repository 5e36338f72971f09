"""Options and settings that each kind of database needs before the first query."""

import atexit
import os
import socket
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from weakref import WeakSet

from sqlalchemy import URL, event, make_url
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from domain.errors import ConfigurationError
from models import tls_contexts
from models.checkout import BUSY_SECONDS, WATCHED

CONNECT_SECONDS = 3
_KEEPALIVES = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
"""PostgreSQL: a peer whose machine is gone is noticed within a minute, not after two hours."""
OWNER_ONLY = 0o600
"""Rights of a database file, whose rows hold addresses and phone numbers; SQLite gives its -wal and -shm the same."""
_sqlite: WeakSet[ConnectionPoolEntry] = WeakSet()


def prepare(settings: dict[str, Any]) -> None:
    """Set the engine's options for the database that the settings name; raises ConfigurationError."""
    try:
        url = make_url(settings["SQLALCHEMY_DATABASE_URI"])
        driver = url.get_dialect().import_dbapi()
    except ArgumentError as error:
        raise ConfigurationError("SQLALCHEMY_DATABASE_URI is not a database URL") from error
    except ImportError as error:
        raise ConfigurationError(
            f"SQLALCHEMY_DATABASE_URI: its driver {error.name} is not installed;"
            " requirements/extras.txt has those of postgresql+psycopg:// and mysql+pymysql://"
        ) from error
    if url.get_driver_name() == "pymysql":
        tls_contexts.share(driver.connections.Connection)
    options: dict[str, Any] = {
        "pool_pre_ping": url.get_backend_name() != "sqlite" and url.get_driver_name() not in WATCHED,
        "pool_use_lifo": True,  # the connection used last has a warm page cache, and idle ones may expire
        "hide_parameters": True,  # errors and debug logs must not show destinations
    }
    if url.get_backend_name() == "sqlite":
        options["connect_args"] = {"timeout": BUSY_SECONDS}
        if file := sqlite_file(url.database):
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    else:
        # under MariaDB's default, a transaction that lost a race would read the same old row again
        options["isolation_level"] = "READ COMMITTED"
        options["connect_args"] = {"connect_timeout": CONNECT_SECONDS, **_driver_options(url)}
        options["pool_size"], options["max_overflow"], options["pool_timeout"] = 16, 16, CONNECT_SECONDS
    settings["SQLALCHEMY_ENGINE_OPTIONS"] = {**options, **settings.get("SQLALCHEMY_ENGINE_OPTIONS", {})}


def _driver_options(url: URL) -> dict[str, Any]:
    if url.get_driver_name() == "pymysql":
        return {"read_timeout": CONNECT_SECONDS}  # for the greeting; `_let_it_read` ends it
    return dict(_KEEPALIVES) if url.get_driver_name() == "psycopg" else {}


@event.listens_for(Engine, "connect")
def _let_it_read(connection: Any, _: ConnectionPoolEntry) -> None:
    """End PyMySQL's timeout once the server has greeted: from here on the caller's patience decides."""
    if type(connection).__module__.startswith("pymysql"):
        connection._read_timeout = None
        connection._sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)


def sqlite_file(database: str | None) -> Path | None:
    """Return the file of an SQLite database, written as a path or a URI (sqlite.org/uri.html); None for memory."""
    if not database or ":memory:" in database or "mode=memory" in database:
        return None
    return Path(unquote(urlsplit(database).path) if database.startswith("file:") else database)


@event.listens_for(Engine, "do_connect")
def _make_sqlite_file(
    dialect: Dialect, _: ConnectionPoolEntry, arguments: list[Any], __: dict[str, Any]
) -> None:
    """Create a missing database file before SQLite does, which would let everybody read it."""
    if dialect.name != "sqlite" or not arguments:
        return
    if (file := sqlite_file(str(arguments[0]))) and not file.exists():
        with suppress(
            OSError
        ):  # another process was first, or it can't be made: SQLite says so in its own words
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))


@event.listens_for(Engine, "connect")
def _tune_sqlite(connection: Any, entry: ConnectionPoolEntry) -> None:
    """WAL lets the web read while the worker writes; NORMAL can lose data in a power failure, not in a crash."""
    if isinstance(connection, sqlite3.Connection):
        if connection.execute("PRAGMA journal_mode=WAL").fetchone()[0] != "memory":
            _sqlite.add(entry)
        connection.execute("PRAGMA synchronous=NORMAL")
        # pages that are written often reach the file once: four times the default, 16 MB
        connection.execute("PRAGMA wal_autocheckpoint=4000")
        connection.execute("PRAGMA foreign_keys=ON")


@atexit.register
def _close_sqlite() -> None:
    """Close the connections that nobody uses.

    The last process to exit then checkpoints the WAL, so that a copy of the database file alone is complete. And no
    child inherits them: in it, SQLite would take its parent's locks for its own, also for connections that it opens.
    """
    for entry in list(_sqlite):
        if not entry.in_use:
            entry.close()


if hasattr(os, "register_at_fork"):
    # cleared: the child must not close those that its parent uses
    os.register_at_fork(before=_close_sqlite, after_in_child=_sqlite.clear)

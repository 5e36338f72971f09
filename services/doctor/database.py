"""The database: does it answer, is it migrated, can it be written."""

import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from exts import db
from services.doctor.findings import Finding, fail, ok, warn, why
from services.storage import leases

SETTING = "SQLALCHEMY_DATABASE_URI"
_KNOWN = {
    "refused": "connection refused",
    "password authentication": "refused the login",
    "access denied": "refused the login",
    "role": "refused the login",
    "unknown database": "there is no such database",
    "does not exist": "there is no such database",
    "timed out": "did not answer in time",
    "timeout": "did not answer in time",
    "resolve": "its host name is not known",
    "name or service": "its host name is not known",
    "unable to open": "the file can't be opened",
    "readonly": "the file is read-only",
    "read-only": "it is read-only",
    "permission denied": "this user may not write",
    "locked": "locked by another process",
    "not a database": "the file is not a SQLite database",
    "malformed": "the file is damaged",
    "can't connect": "can't be reached",
}
"""Words in the drivers' errors and our texts for them; a driver's own text may name hosts, users and values."""
_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mysql": "MySQL"}


def check_database() -> Iterator[Finding]:
    """Connect, compare the migrations, write a row and read it back."""
    try:
        with db.engine.connect() as connection:
            name = _name(connection)
            migrated = _migrated(connection)
            journal = _journal(connection)
    except SQLAlchemyError as error:
        yield fail("database", f"{_why(error)} ({SETTING})")
        return
    if migrated is not None:
        yield fail("database", f"{name}, {migrated}: flask --app app db upgrade")
        return
    yield _written(name)
    if journal not in ("", "wal"):
        yield warn("database", f"journal mode is {journal}, not wal: readers and writers wait for each other")


def _written(name: str) -> Finding:
    holder = secrets.token_hex(8)
    began = time.monotonic()
    try:
        held = leases.hold(db.engine, f"doctor {holder}", holder, timedelta(seconds=1), datetime.now(UTC))
        leases.release(db.engine, f"doctor {holder}", holder)
    except SQLAlchemyError as error:
        return fail("database", f"{name}, can't be written: {_why(error)} ({SETTING})")
    if not held:
        return fail("database", f"{name}, a row that was written can't be read back ({SETTING})")
    return ok("database", f"{name}, written in {(time.monotonic() - began) * 1000:.0f} ms")


def _why(error: SQLAlchemyError) -> str:
    said = str(getattr(error, "orig", "")).lower()
    return next((words for sign, words in _KNOWN.items() if sign in said), why(error))


def _name(connection: Connection) -> str:
    dialect = connection.dialect
    name = "MariaDB" if getattr(dialect, "is_mariadb", False) else _NAMES.get(dialect.name, dialect.name)
    version = [str(part) for part in dialect.server_version_info or () if isinstance(part, int)]
    return f"{name} {'.'.join(version[:3])}".strip()


def _migrated(connection: Connection) -> str | None:
    """Return what is wrong with the migrations, None where nothing is."""
    current = set(MigrationContext.configure(connection).get_current_heads())
    heads = set(ScriptDirectory(str(Path(current_app.root_path) / "migrations")).get_heads())
    if current == heads:
        return None
    return f"migrated to {', '.join(sorted(current)) or 'nothing'}, should be {', '.join(sorted(heads))}"


def _journal(connection: Connection) -> str:
    if connection.dialect.name != "sqlite":
        return ""
    return str(connection.execute(text("PRAGMA journal_mode")).scalar())

"""Temporary databases for tests, which are skipped where no server is named."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy

from devtools.live.databases import SERVERS, temporary_database

ON_SERVERS = [pytest.param(kind, marks=pytest.mark.slow) for kind in SERVERS]
KINDS = ["sqlite", *ON_SERVERS]
"""Parameters of a test that runs on every kind of database: on servers it is slow."""
INVENTED = 1500
"""The messages of the file with invented traffic."""


@contextmanager
def database_of(kind: str) -> Iterator[str]:
    """Make an empty database and drop it at the end; skip the test where no server is named."""
    server = os.environ.get(SERVERS[kind], "")
    if not server:
        pytest.skip(f"{SERVERS[kind]} is not set")
    with temporary_database(server) as url:
        if kind == "postgresql":
            _forgo_durability(url)
        yield url


def _forgo_durability(url: str) -> None:
    """Let a commit wait for no disk: that loses something only if PostgreSQL itself crashes, as in no test."""
    engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {engine.url.database} SET synchronous_commit = off")
    engine.dispose()


def sqlite_file(url: str) -> Path:
    """Return the file of an SQLite database."""
    name = sqlalchemy.make_url(url).database
    assert name
    return Path(name)


def add_rows(source: Path, target: Path) -> None:
    """Add the rows of one SQLite file to another with the same tables; of the audit both may have number one."""
    with closing(sqlite3.connect(target)) as connection:
        connection.execute("ATTACH ? AS source", (str(source),))
        tables = connection.execute("SELECT name FROM source.sqlite_master WHERE type = 'table'").fetchall()
        with connection:
            for (name,) in tables:
                if not name.startswith("sqlite_") and name != "audit_entry":
                    connection.execute(f'INSERT INTO main."{name}" SELECT * FROM source."{name}"')


def replace_rows(source: Path, target: Path) -> None:
    """Make one SQLite file what another is, also while an application has it open."""
    with closing(sqlite3.connect(source)) as there, closing(sqlite3.connect(target)) as here:
        there.backup(here)

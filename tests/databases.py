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


@contextmanager
def database_of(kind: str) -> Iterator[str]:
    """Make an empty database and drop it at the end; skip the test where no server is named."""
    server = os.environ.get(SERVERS[kind], "")
    if not server:
        pytest.skip(f"{SERVERS[kind]} is not set")
    with temporary_database(server) as url:
        yield url


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

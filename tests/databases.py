"""Temporary databases on the servers that `TEST_POSTGRES_URL` and `TEST_MYSQL_URL` name."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy

SERVERS = {"postgresql": "TEST_POSTGRES_URL", "mariadb": "TEST_MYSQL_URL"}
KINDS = ("sqlite", *SERVERS)


@contextmanager
def database_of(kind: str) -> Iterator[str]:
    """Make an empty database and drop it at the end; skip the test where no server is named."""
    server = os.environ.get(SERVERS[kind], "")
    if not server:
        pytest.skip(f"{SERVERS[kind]} is not set")
    name = f"sendcode_test_{secrets.token_hex(6)}"
    _execute(server, f"CREATE DATABASE {name}")
    try:
        yield sqlalchemy.make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        force = " WITH (FORCE)" if kind == "postgresql" else ""
        _execute(server, f"DROP DATABASE {name}{force}")


def _execute(server: str, statement: str) -> None:
    engine = sqlalchemy.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text(statement))
    engine.dispose()

"""Temporary databases on the servers that `TEST_POSTGRES_URL` and `TEST_MYSQL_URL` name."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy

SERVERS = {"postgresql": "TEST_POSTGRES_URL", "mariadb": "TEST_MYSQL_URL"}


@contextmanager
def temporary_database(server: str) -> Iterator[str]:
    """Make an empty database on the server with this URL, yield its own URL, and drop it at the end."""
    name = f"sendcode_test_{secrets.token_hex(6)}"
    url = sqlalchemy.make_url(server)
    _execute(server, f"CREATE DATABASE {name}")
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        _drop(server, name)


def _drop(server: str, name: str) -> None:
    """Drop a database, and end whoever is still connected: MariaDB would wait for their locks, for a day."""
    if sqlalchemy.make_url(server).get_backend_name() == "postgresql":
        _execute(server, f"DROP DATABASE {name} WITH (FORCE)")
        return
    _execute(server, *(f"KILL {thread}" for thread in _threads(server, name)), f"DROP DATABASE {name}")


def _threads(server: str, name: str) -> list[int]:
    engine = sqlalchemy.create_engine(server)
    connected = sqlalchemy.text("SELECT id FROM information_schema.processlist WHERE db = :name")
    with engine.connect() as connection:
        threads = connection.scalars(connected, {"name": name}).all()
    engine.dispose()
    return list(threads)


def _execute(server: str, *statements: str) -> None:
    engine = sqlalchemy.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(sqlalchemy.text(statement))
    engine.dispose()

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
        force = " WITH (FORCE)" if url.get_backend_name() == "postgresql" else ""
        _execute(server, f"DROP DATABASE {name}{force}")


def _execute(server: str, statement: str) -> None:
    engine = sqlalchemy.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text(statement))
    engine.dispose()

"""Temporary databases on the servers that `TEST_POSTGRES_URL` and `TEST_MYSQL_URL` name."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import sqlalchemy

SERVERS = {"postgresql": "TEST_POSTGRES_URL", "mariadb": "TEST_MYSQL_URL"}
DROP_SECONDS = 60


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
    engine = sqlalchemy.create_engine(server, isolation_level="AUTOCOMMIT")
    connected = sqlalchemy.text("SELECT id FROM information_schema.processlist WHERE db = :name")
    with engine.connect() as connection:
        for thread in connection.scalars(connected, {"name": name}).all():
            with suppress(sqlalchemy.exc.OperationalError):  # it has ended in the meantime
                connection.exec_driver_sql(f"KILL {thread}")
        connection.exec_driver_sql(f"SET lock_wait_timeout = {DROP_SECONDS}")
        connection.exec_driver_sql(f"DROP DATABASE {name}")
    engine.dispose()


def _execute(server: str, statement: str) -> None:
    engine = sqlalchemy.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text(statement))
    engine.dispose()

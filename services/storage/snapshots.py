"""Several reads of one moment: what others commit in between is seen by none of them."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

_BEGIN = {"sqlite": "BEGIN"}
_REPEATABLE = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
"""For one transaction, on PostgreSQL, MariaDB and MySQL; a connection commits before the next one reads."""


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """Yield a connection for reading, which sees the database as it was at its first statement.

    SQLite keeps the pages of that moment until the end, so it must be a matter of a page, not of minutes.
    """
    with engine.connect() as connection:
        connection.exec_driver_sql(_BEGIN.get(engine.dialect.name, _REPEATABLE))
        yield connection

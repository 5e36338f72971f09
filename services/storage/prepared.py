"""Prepared statements for the hot paths: compiled to SQL once per dialect, then handed to the driver as they are.

SQLAlchemy processes every value of every row again on each call, which takes longer than the database does.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect, Insert, Select, Update

from services.storage.transactions import Writer

Row = Mapping[str, Any]


class Prepared:
    """An INSERT into the columns that its rows have, or another statement whose values are all bound by name.

    A SELECT returns values as the driver gives them: texts and whole numbers are the same everywhere, times are not.
    """

    def __init__(self, statement: Insert | Update | Select[Any]):
        self._statement = statement

    def run(self, writer: Writer, rows: Sequence[Row]) -> CursorResult[Any]:
        """Execute the statement for each row in the caller's transaction; raises what SQLAlchemy raises.

        There must be at least one row, and all must have the same keys.
        """
        connection = writer if isinstance(writer, Connection) else writer.connection()
        sql, values = _sql(self._statement, connection.dialect, tuple(rows[0]))
        return connection.exec_driver_sql(
            sql, [values(row) for row in rows] if len(rows) > 1 else values(rows[0])
        )


@lru_cache(64)
def _sql(
    statement: Insert | Update | Select[Any], dialect: Dialect, names: tuple[str, ...]
) -> tuple[str, Callable[[Row], Any]]:
    """Return the SQL, and a function that turns a row into the driver's parameters, positional or named."""
    compiled = statement.compile(
        dialect=dialect, column_keys=list(names) if isinstance(statement, Insert) else None
    )
    in_order = compiled.positiontup
    parts = [
        (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
        for name in in_order or compiled.binds
    ]
    if in_order and len(parts) > 1 and not any(process for _, process in parts):
        return str(compiled), itemgetter(*in_order)

    def listed(row: Row) -> tuple[Any, ...]:
        return tuple([process(row[name]) if process else row[name] for name, process in parts])

    def named(row: Row) -> dict[str, Any]:
        return {name: process(row[name]) if process else row[name] for name, process in parts}

    return str(compiled), listed if in_order else named

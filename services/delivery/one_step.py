"""Read or write a whole block of rows in one step of SQLite, as one JSON text.

Python's driver releases the GIL at every row that it binds or fetches, and then waits to get it back. Beside a thread
that composes messages, those waits take longer than the rows do, and the write lock is held all the while. One JSON
text is one step, and the sends go on meanwhile.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Dialect,
    LargeBinary,
    Select,
    bindparam,
    func,
    select,
)
from sqlalchemy.sql.type_api import TypeEngine

from models.types import UtcTime, from_microseconds

_BLOCK = func.json_each(bindparam("block")).table_valued("value", name="block")


def can_do(dialect: Dialect) -> bool:
    """Tell whether this is an SQLite with JSON built in, as it is since 3.38."""
    return dialect.name == "sqlite" and dialect.dbapi.sqlite_version_info >= (3, 38)  # type: ignore[union-attr]


def given(place: int) -> ColumnElement[Any]:
    """Return the value at position `place` of each row in the statement's block."""
    return func.json_extract(_BLOCK.c.value, f"$[{place}]")


def block(rows: Iterable[Sequence[Any]]) -> dict[str, str]:
    """Return the rows of a block as the parameters of their statement."""
    return {"block": json.dumps([*rows])}


def fetch(connection: Connection, statement: Select[Any], parameters: Mapping[str, Any]) -> list[list[Any]]:
    """Return all rows of a statement; values may be texts, numbers, bytes, booleans and `UtcTime`."""
    found: list[list[Any]] = json.loads(connection.scalar(_as_one(statement), parameters))
    readers = _readers(statement)
    for row in found:
        for place, read in readers:
            if row[place] is not None:
                row[place] = read(row[place])
    return found


@cache
def _as_one(statement: Select[Any]) -> Select[Any]:
    columns = statement.subquery().c
    values = [func.hex(column) if isinstance(column.type, LargeBinary) else column for column in columns]
    return select(func.json_group_array(func.json_array(*values)))


@cache
def _readers(statement: Select[Any]) -> list[tuple[int, Callable[[Any], Any]]]:
    kinds: dict[type[TypeEngine[Any]], Callable[[Any], Any]] = {
        LargeBinary: bytes.fromhex,
        Boolean: bool,
        UtcTime: from_microseconds,
    }
    columns = enumerate(statement.selected_columns)
    return [(place, kinds[type(column.type)]) for place, column in columns if type(column.type) in kinds]

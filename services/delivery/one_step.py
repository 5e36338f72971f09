"""Whole blocks in one step of SQLite.

Python's driver lets other threads go first at every row that it binds or fetches, and then waits for its turn: beside a
thread that composes messages this takes longer than the rows do, and the one lock for writers is held all the while.
What goes in or comes out as one JSON text is one step, and the sends go on meanwhile.
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
    """Tell whether this is an SQLite that always has JSON, as those since 3.38 do."""
    return dialect.name == "sqlite" and dialect.dbapi.sqlite_version_info >= (3, 38)  # type: ignore[union-attr]


def given(place: int) -> ColumnElement[Any]:
    """Return the value at a place of each row of the block that a statement is given."""
    return func.json_extract(_BLOCK.c.value, f"$[{place}]")


def block(rows: Iterable[Sequence[Any]]) -> dict[str, str]:
    """Return the rows of a block as what their statement is executed with."""
    return {"block": json.dumps([*rows])}


def fetch(connection: Connection, statement: Select[Any], parameters: Mapping[str, Any]) -> list[list[Any]]:
    """Return all rows of a statement; their values are texts, numbers, bytes, truths, and times of ours."""
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

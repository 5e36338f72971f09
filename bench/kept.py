"""A database as months of traffic leave it: invented rows, multiplied by the database itself."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, Table

from exts import db
from models import Message, MessageTry, Verification
from services import demo
from services.figures import rollups

ORIGINALS = 65_000
"""Messages that are invented one by one, which takes a second for a few thousand."""
TURNS = (1, 2, 4, 8, 16)
"""By how many characters each doubling turns the ids of the copies: any sum of these is another number below 32."""
IDS = ("id", "verification_id", "message_id")


def keep(count: int) -> None:
    """Fill this application's database with about `count` messages and their codes; roll up and gather statistics."""
    doublings = next((n for n in range(len(TURNS)) if count >> n <= ORIGINALS), len(TURNS))
    demo.fill(count >> doublings)
    for turn in TURNS[:doublings]:
        with db.engine.begin() as connection:
            for model in (Message, Verification, MessageTry):
                connection.execute(_doubled(model.__table__, turn))
    rollups.roll_up()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE" if connection.dialect.name == "postgresql" else "ANALYZE")


def _doubled(table: Table, turn: int) -> Any:
    """Return the statement that copies every row of a table, with ids that are as random as those of the originals."""
    columns = [column for column in table.c if column is not table.autoincrement_column]
    values = [
        _part(column, turn + 1) + _part(column, 1, turn) if column.name in IDS else column
        for column in columns
    ]
    return sa.insert(table).from_select(columns, sa.select(*values))


def _part(column: Column[str], first: int, *length: int) -> sa.Function[str]:
    return sa.func.substr(column, first, *length, type_=sa.String())

"""Write invented traffic into the tables, in blocks, and roll it up."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import Any

import sqlalchemy
from sqlalchemy import Connection

from domain.keyring import Keyring
from models import Message, MessageTry, Verification
from services.demo import broadcasts, days
from services.demo.rows import Block, Maker, Row
from services.figures import rollups
from services.keys import api_keys
from services.process.parts import part
from services.storage.transactions import statements

KEYS = ("Web shop", "Mobile app", "Back office")
"""Names of the owners; a missing key is created. Its secret is not shown, so nobody can use it."""
BLOCK = 20_000
SHARE_OF_BROADCASTS = 0.12
CACHE_KIB = 262_144
"""Ids are random: without a cache for the indexes, SQLite reads and writes their pages over and over."""


def fill(
    count: int, *, progress: Callable[[int], None] = lambda written: None, now: datetime | None = None
) -> int:
    """Add `count` messages of the last 30 days with their codes, then roll up; return the number of hours rolled up.

    `progress` is called from time to time with the number of messages written so far.
    """
    until = now or datetime.now(UTC)
    maker = Maker(_owners(), until, part(Keyring).newest, Random())  # noqa: S311 - it invents, it guards nothing
    bulk = round(count * SHARE_OF_BROADCASTS)
    written = 0
    for block in _blocks(maker, count - bulk):
        written += _write(block)
        progress(written)
    known = set()
    for row, block in broadcasts.make(maker, bulk):
        if row.id not in known:
            statements(partial(broadcasts.put, row=row))
            known.add(row.id)
        written += _write(block)
        progress(written)
    statements(_tell_planner)
    return rollups.roll_up(until)


def _tell_planner(connection: Connection) -> None:
    """Run ANALYZE on PostgreSQL, because autovacuum gathers statistics later, or never if it is off."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("ANALYZE")


def _owners() -> dict[str, str]:
    there = {key.name: key.id for key in api_keys.list_all() if key.revoked_at is None}
    return {name: f"key:{there.get(name) or api_keys.create(name)[0].id}" for name in KEYS}


def _blocks(maker: Maker, count: int) -> Iterator[Block]:
    block = Block()
    for start, number in days.hours(count, maker.until, maker.chance):
        for piece in maker.hour(start, number):
            block.messages += piece.messages
            block.verifications += piece.verifications
            block.tries += piece.tries
            if len(block.messages) >= BLOCK:
                yield block
                block = Block()
    yield block


def _write(block: Block) -> int:
    def work(connection: Connection) -> None:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(f"PRAGMA cache_size = -{CACHE_KIB}")
        _insert(connection, Message, block.messages)
        _insert(connection, Verification, block.verifications)
        _insert(connection, MessageTry, block.tries)

    statements(work)
    return len(block.messages)


def _insert(connection: Connection, model: type[Any], rows: list[Row]) -> None:
    """Insert rows with values that the driver takes as they are; column types would convert each one again."""
    if rows:
        plain = sqlalchemy.table(model.__tablename__, *(sqlalchemy.column(name) for name in rows[0]))
        connection.execute(plain.insert(), rows)

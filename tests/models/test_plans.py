"""What each worker asks PostgreSQL again and again reads no whole table, however many settled rows are kept.

Nor does a block of a purge to join what belongs to its rows, whatever the statistics say.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Boolean, Connection, LargeBinary, String, Table, event, insert

from domain.statuses import FLOWS, MessageStatus
from exts import db
from models import EventDelivery, Message, Verification, VerificationStep
from models.types import UtcTime
from services.alarms import conditions
from services.codes import due_steps, hastening
from services.codes.erasing import erase_ended_codes
from services.delivery import claims, settling
from services.delivery.slots import Flow
from services.figures import purged_counts
from services.process import health
from services.storage import blocks
from services.storage.blocks import Doomed, Pace
from services.webhooks import claims as event_claims
from services.webhooks.claims import Places
from tests.databases import database_of

pytestmark = pytest.mark.slow
ROWS = 3000
"""Enough for an estimate that one row of a table is found sooner without an index."""
TABLES = tuple(model.__table__ for model in (Message, Verification, VerificationStep, EventDelivery))
LANES = {"message": {"lane": "bulk", "priority": 2, "status": MessageStatus.SENT.value}}
ASKED: dict[str, Callable[[Connection, datetime], object]] = {
    "which flows have work": lambda connection, now: claims.with_work(
        connection, [Flow(*one) for one in FLOWS], now
    ),
    "a claim": lambda connection, now: claims.claim(connection, FLOWS[0][1], FLOWS[0][0], 100, now),
    "what has expired": lambda connection, now: settling.expire(connection, now),
    "steps that are due": lambda connection, now: due_steps.due(connection.engine, now),
    "steps that wait": lambda connection, now: hastening.any_waits(connection, now),
    "whether an event is due": lambda connection, now: event_claims.is_due(connection.engine, now),
    "a claim of events": lambda connection, now: event_claims.claim(
        connection, Places(10, lambda _: 10, 5), now
    ),
    "which codes to erase": lambda connection, now: erase_ended_codes(connection.engine, now, now),
    "what is wrong": lambda connection, now: conditions.look(now, broker_answers=lambda: True),
    "the oldest that is due": lambda connection, now: health.look(),
}


@pytest.fixture
def settings(settings: dict[str, Any]) -> Iterator[dict[str, Any]]:
    with database_of("postgresql") as url:
        yield {**settings, "SQLALCHEMY_DATABASE_URI": url}


def settled(table: Table) -> list[dict[str, Any]]:
    """Give rows whose values don't matter, without any that may be left out."""
    filled = {
        column.name: False
        if isinstance(column.type, Boolean)
        else b""
        if isinstance(column.type, LargeBinary)
        else "x"
        if isinstance(column.type, String)
        else datetime.now(UTC)
        if isinstance(column.type, UtcTime)
        else 0
        for column in table.c
        if not column.nullable
    }
    key = next(iter(table.primary_key)).name
    return [filled | LANES.get(table.name, {}) | {key: f"{number:032}"} for number in range(ROWS)]


@pytest.fixture
def plans(app: Flask) -> Iterator[list[str]]:
    """The plans of all statements, as PostgreSQL makes them for prepared ones whose values it does not know."""
    noted: list[str] = []

    def prepare(connection: Any, *_: Any) -> None:
        connection.prepare_threshold = 0
        connection.add_notice_handler(lambda notice: noted.append(notice.message_primary or ""))
        for setting in (
            "LOAD 'auto_explain'",
            "SET auto_explain.log_min_duration = 0",
            "SET auto_explain.log_level = notice",
            "SET plan_cache_mode = force_generic_plan",
        ):
            connection.execute(setting)
        connection.commit()

    with app.app_context():
        for table in TABLES:
            db.session.execute(insert(table), settled(table))
        db.session.commit()
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
        db.engine.dispose()
        event.listen(db.engine, "connect", prepare)
        yield noted
        event.remove(db.engine, "connect", prepare)


def reading(plans: list[str]) -> list[str]:
    """Give the plans that read a whole table."""
    return [plan for plan in plans if any(f"Seq Scan on {table.name}" in plan for table in TABLES)]


def test_nothing_is_found_by_reading_a_table(plans: list[str]) -> None:
    read: dict[str, list[str]] = {}
    for what, ask in ASKED.items():
        plans.clear()
        with db.engine.connect() as connection:
            ask(connection, datetime.now(UTC))
            connection.rollback()
        assert plans, what
        read[what] = reading(plans)
    assert {what: found for what, found in read.items() if found} == {}


def test_a_block_of_a_purge_joins_no_whole_table(plans: list[str]) -> None:
    pace = Pace(seconds=9.0, least=100, most=100, rest=0, size=100)
    for model, by, remove in (
        (Message, Message.created_at, purged_counts.delete_messages),
        (Verification, Verification.expires_at, purged_counts.delete_codes),
    ):
        plans.clear()
        next(blocks.delete_all(Doomed(model, (), by, datetime.now(UTC) + timedelta(days=1), remove), pace))
        (deletion,) = [plan for plan in plans if "Delete on" in plan]
        assert "Hash Left Join" not in deletion
        assert reading([deletion]) == []

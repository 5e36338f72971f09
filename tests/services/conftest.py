"""Runs the services' tests on every kind of database; tables are created once and emptied after each test."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from exts import db
from tests.databases import KINDS, database_of

ON_EVERY_DATABASE = {
    "test_verifications",
    "test_checks",
    "test_outbox",
    "test_day_rows",
    "test_drain",
    "test_idempotency",
    "test_accounts",
    "test_sessions",
    "test_schedules",
    "test_owners",
    "test_scheduler",
    "test_doctor",
    "test_retention",
    "test_blocks",
    "test_incoming",
    "test_receipts",
    "test_mail_reports",
    "test_broadcasts",
    "test_statistics",
    "test_rollups",
    "test_overview",
    "test_suppressions",
    "test_bulk_stops",
    "test_templates",
    "test_brands",
    "test_siblings",
    "test_markdown_mails",
    "test_gateway_switches",
    "test_editing",
    "test_roster",
    "test_gateway_shares",
    "test_gateway_names",
    "test_alarms",
    "test_right_now",
    "test_gateway_figures",
    "test_finding",
    "test_request_log",
    "test_listing",
    "test_bulk_acts",
    "test_pumping_guard",
    "test_ledgers",
    "test_exact",
    "test_day_budget",
    "test_second_steps",
    "test_authenticators",
    "test_passkeys",
    "test_authenticator_setup",
    "test_sign_ins",
    "test_second_factor_resets",
    "test_attempts",
    "test_fallback",
    "test_fallback_races",
    "test_repeats",
    "test_status_callbacks",
    "test_twilio_tokens",
    "test_early_reports",
    "test_event_claims",
    "test_happenings",
    "test_deliveries",
    "test_alarm_mails",
    "test_incidents",
    "test_fixed_codes",
    "test_endings",
    "test_sending",
    "test_drafts",
}
"""The modules whose SQL must work the same on every database; the others use no database or run on SQLite."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test of those modules on every kind of database; those on servers are slow."""
    if "database_kind" in metafunc.fixturenames:
        module = metafunc.module.__name__.rsplit(".", 1)[-1]
        kinds = KINDS if module in ON_EVERY_DATABASE else KINDS[:1]
        metafunc.parametrize("database_kind", kinds, scope="session")


@pytest.fixture(scope="session")
def databases() -> Iterator[dict[str, sqlalchemy.Engine]]:
    """One database of each kind for the whole run of this process."""
    with ExitStack() as stack:
        yield _Databases(stack)


class _Databases(dict[str, sqlalchemy.Engine]):
    def __init__(self, stack: ExitStack):
        super().__init__()
        self._stack = stack

    def __missing__(self, kind: str) -> sqlalchemy.Engine:
        url = self._stack.enter_context(database_of(kind))
        self[kind] = sqlalchemy.create_engine(url, pool_size=1)
        self._stack.callback(self[kind].dispose)
        return self[kind]


@pytest.fixture
def settings(
    settings: dict[str, Any], database_kind: str, databases: dict[str, sqlalchemy.Engine], tmp_path: Path
) -> Iterator[dict[str, Any]]:
    """The usual settings, with the database under test."""
    if database_kind == "sqlite":
        yield settings
        return
    engine = databases[database_kind]
    url = engine.url.render_as_string(hide_password=False)
    yield {**settings, "SQLALCHEMY_DATABASE_URI": url}
    with engine.begin() as connection:
        filled = set(connection.scalars(_filled()))
        for table in reversed(db.metadata.sorted_tables):
            if table.name in filled:
                connection.execute(table.delete())


@cache
def _filled() -> sqlalchemy.CompoundSelect[tuple[str]]:
    """Ask which tables have rows: a test fills few of them, and each statement is a way to the server."""
    return sqlalchemy.union_all(
        *(
            sqlalchemy.select(sqlalchemy.literal(table.name)).where(sqlalchemy.exists().select_from(table))
            for table in db.metadata.sorted_tables
        )
    )


@pytest.fixture
def doors() -> Sequence[str]:
    """Open no doors: services don't know them. A test that uses one overrides this."""
    return ()

"""Migrations as `flask --app app db …` runs them: our tables on the application's own engine."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from alembic import context
from flask import current_app
from sqlalchemy import BigInteger, Connection, Text
from sqlalchemy.types import TypeDecorator

from models.types import Json, UtcTime


def render_plainly(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """Write our column types as the types that the database stores, so that old migrations need none of our code."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return {UtcTime: f"sa.{BigInteger.__name__}()", Json: f"sa.{Text.__name__}()"}.get(type(item), False)
    return False


def is_ours(item: Any, _name: str | None, kind: str, reflected: bool, _: Any) -> bool:
    """Leave out indexes that this kind of database can't have: MariaDB and MySQL have no partial ones."""
    return kind != "index" or reflected or not item.info.get("partial") or _has_partial_indexes()


def _has_partial_indexes() -> bool:
    return context.get_bind().dialect.name in ("sqlite", "postgresql")


def skip_if_empty(_: Any, __: Any, directives: list[Any]) -> None:
    """Write no migration if nothing has changed."""
    if getattr(context.config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives.clear()


@contextmanager
def _without_foreign_keys(connection: Connection) -> Iterator[None]:
    """Let SQLite copy and drop a table that others refer to: a change of a column is done like that there."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection  # inside a transaction the pragma does nothing
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def run() -> None:
    """Run the migrations in one connection."""
    database = current_app.extensions["migrate"].db
    with database.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            render_as_batch=True,
            render_item=render_plainly,
            include_object=is_ours,
            process_revision_directives=skip_if_empty,
            compare_type=False,
        )
        with _without_foreign_keys(connection), context.begin_transaction():
            context.run_migrations()


run()

"""Indexes that leave rows out, where the database can."""

from typing import Any

from sqlalchemy import ColumnElement, Index, TextClause, and_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateIndex


def partial_index(name: str, *columns: str, where: TextClause, info: dict[str, Any] | None = None) -> Index:
    """Return an index of the rows that match `where` on SQLite and PostgreSQL, and of all rows elsewhere.

    `postgresql_where` would do the same, but would load the whole PostgreSQL dialect into every process that uses
    another database: a tenth of a worker's start.
    """
    return Index(name, *columns, sqlite_where=where, info={**(info or {}), "where": where})


def has_come(due_at: Any, now: Any) -> ColumnElement[bool]:
    """Tell of rows that their time has come, where a partial index holds those that have a time.

    Without the first half PostgreSQL reads the whole table: of a prepared statement it expects that every third row is
    due, though hardly any has a time.
    """
    return and_(due_at.is_not(None), due_at <= now)


def is_to_come(due_at: Any, now: Any) -> ColumnElement[bool]:
    """Tell of rows that their time is still to come; see `has_come`."""
    return and_(due_at.is_not(None), due_at > now)


@compiles(CreateIndex, "postgresql")
def _with_where(create: CreateIndex, compiler: Any, **options: Any) -> str:
    where = create.element.info.get("where")
    if where is not None:
        create.element.dialect_options["postgresql"]["where"] = where
    return str(compiler.visit_create_index(create, **options))

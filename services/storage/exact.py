"""Compare text byte for byte on every database; which texts mean the same is decided before, by a canonical form.

The usual collations of MariaDB and MySQL take `ówner` for `owner`, `Main` for `main` and ignore trailing spaces, so a
look-up could find a row that the limits, or another database, count as a different one.
"""

from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NULLTYPE


class exactly(FunctionElement[bool]):  # noqa: N801 - reads like a function of SQL
    """A condition: `exactly(column, text)` holds where both are the same bytes; it uses the index of the column."""

    type = NULLTYPE  # type: ignore[assignment]
    """Not a Boolean, which SQLite would compare with 1, and then not look into the index."""
    inherit_cache = True
    name = "exactly"


@compiles(exactly)
def _as_it_is(element: exactly, compiler: SQLCompiler, **options: Any) -> str:
    column, text = (compiler.process(one, **options) for one in element.clauses)
    return f"({column} = {text})"


@compiles(exactly, "mysql")
@compiles(exactly, "mariadb")
def _byte_for_byte(element: exactly, compiler: SQLCompiler, **options: Any) -> str:
    (column, text), (again, same) = (
        [compiler.process(one, **options) for one in element.clauses] for _ in range(2)
    )
    return f"({column} = {text} AND CAST({again} AS BINARY) = CAST({same} AS BINARY))"

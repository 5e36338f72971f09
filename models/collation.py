"""Tables whose texts MariaDB and MySQL compare as SQLite and PostgreSQL do: byte by byte.

Their usual collations take `müller@example.org` for `muller@example.org`, `A` for `a`, and leave spaces at the end out.
"""

from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateTable


@compiles(CreateTable, "mysql")
@compiles(CreateTable, "mariadb")
def _compared_byte_by_byte(create: CreateTable, compiler: Any, **options: Any) -> str:
    made = str(compiler.visit_create_table(create, **options)).rstrip()
    return f"{made} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin\n\n"

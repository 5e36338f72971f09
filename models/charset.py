"""MariaDB and MySQL: every table is utf8mb4, whatever the database was created as, and compares text by its bytes.

The server's default collations take `ówner@` for `owner@` and `A` for `a`, which PostgreSQL and SQLite do not.
"""

from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateTable

CHARSET = "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"


@compiles(CreateTable, "mysql", "mariadb")
def _with_charset(create: CreateTable, compiler: Any, **options: Any) -> str:
    return f"{str(compiler.visit_create_table(create, **options)).rstrip()} DEFAULT {CHARSET}"

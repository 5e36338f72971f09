"""Column types that behave the same on SQLite, PostgreSQL and MariaDB."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
MEDIUM_BYTES = 16_777_215
"""A TEXT of this length is a MEDIUMTEXT on MariaDB; its own class would load that dialect into every process."""


def microseconds(time: datetime) -> int:
    """Return an aware time as it is stored: whole microseconds since 1970."""
    return (time - _EPOCH) // _MICROSECOND


def from_microseconds(stored: int) -> datetime:
    """Return the aware time for a stored number of microseconds."""
    return _EPOCH + timedelta(microseconds=stored)


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time, stored as whole microseconds since 1970.

    Integers compare, sort and group by hours and days alike on every database, keep their fractions on MariaDB, and
    need no parsing (docs/adr/0003-times-are-integers.md).
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_microseconds(value)


class Json(TypeDecorator[Any]):
    """A small JSON value kept as text."""

    impl: Any = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value, separators=(",", ":"), ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class LongJson(Json):
    """A JSON value that may be longer than the 64 KiB of MariaDB's TEXT."""

    impl = Text().with_variant(Text(MEDIUM_BYTES), "mysql", "mariadb")
    cache_ok = True

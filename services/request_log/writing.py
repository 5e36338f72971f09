"""Write collected requests: the rows in short transactions, then the counts of their hours."""

import logging
import secrets
import time
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from models import ApiHour, ApiRequest
from models.types import microseconds
from services.storage.transactions import LostRace, statements

log = logging.getLogger(__name__)
FIRST_ERROR = 400
BLOCK = 200
PAUSE_SECONDS = 0.01
"""Between two blocks: clicks that wait for the database go first."""
Row = tuple[str, str, str, int, str | None, int, str, datetime]
"""The columns of `ApiRequest` in their order, without the id."""
Hours = dict[tuple[str, datetime], tuple[int, int, int]]
"""By key and hour: calls, errors, and those without a row."""
_requests, _hours = ApiRequest.__table__, ApiHour.__table__
_NAMES = tuple(column.name for column in _requests.columns)


def add_rows(rows: Sequence[Row]) -> int:
    """Insert rows; return how many, which are fewer where the database takes no more: the reason is logged."""
    for start in range(0, len(rows), BLOCK):
        found = rows[start : start + BLOCK]
        block = [dict(zip(_NAMES, (_new_id(row[-1]), *row), strict=True)) for row in found]
        try:
            statements(lambda connection, block=block: connection.execute(insert(_requests), block))  # type: ignore[misc]
        except SQLAlchemyError as error:
            left = len(rows) - start
            log.warning("%d requests of API keys were not logged: %s", left, type(error).__name__)
            return start
        time.sleep(PAUSE_SECONDS)
    return len(rows)


def add(hours: Hours, row: Row, *, is_logged: bool) -> None:
    """Count a request in its hour."""
    which = (row[0], row[-1].replace(minute=0, second=0, microsecond=0))
    merge(hours, {which: (1, int(row[3] >= FIRST_ERROR), int(not is_logged))})


def merge(hours: Hours, others: Hours) -> None:
    """Add the counts of other hours."""
    for which, (calls, errors, unlogged) in others.items():
        known = hours.get(which, (0, 0, 0))
        hours[which] = (known[0] + calls, known[1] + errors, known[2] + unlogged)


def count(hours: Hours) -> None:
    """Add to the counts of hours; raises SQLAlchemyError where the database does not take them."""

    def work(connection: Connection) -> None:
        for (key_id, hour), (calls, errors, unlogged) in sorted(hours.items()):  # in one order: no deadlock
            values = {"calls": calls, "errors": errors, "unlogged": unlogged}
            known = update(_hours).where(_hours.c.api_key_id == key_id, _hours.c.hour == hour)
            added = {name: _hours.c[name] + value for name, value in values.items()}
            if connection.execute(known.values(added)).rowcount:
                continue
            try:
                connection.execute(insert(_hours).values(api_key_id=key_id, hour=hour, **values))
            except IntegrityError as error:
                raise LostRace from error  # another process was the first of this hour

    statements(work)


def _new_id(at: datetime) -> str:
    return f"{microseconds(at):016x}{secrets.token_hex(8)}"

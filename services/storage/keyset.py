"""Keyset pagination, newest first: a page begins where the last one ended, whatever was added or deleted since."""

import base64
import re
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, or_

from domain.errors import FieldProblem, InvalidInput

CURSOR = re.compile(rb"([0-9]{1,17})\.([0-9a-f]{32})")
NO_ID, LAST_ID = "0" * 32, "f" * 32
"""Smaller and larger than every id: the places just after and just before all rows of one moment."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Place(NamedTuple):
    """The row that a page ended with."""

    at: datetime
    id: str


def write(place: Place) -> str:
    """Return a place as the cursor for the next call."""
    microseconds = (place.at - _EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(f"{microseconds}.{place.id}".encode()).rstrip(b"=").decode()


def read(cursor: str) -> Place:
    """Return the place of a cursor that `write` made; raises InvalidInput."""
    try:
        found = CURSOR.fullmatch(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        found = None
    if found is None:
        raise InvalidInput(FieldProblem("cursor", "is not a cursor from an earlier page"))
    return Place(_EPOCH + timedelta(microseconds=int(found[1])), found[2].decode())


def after(place: Place, at: Any, id: Any) -> ColumnElement[bool]:
    """Return the condition for the rows after `place`; an index on `at` alone can serve its first half."""
    return and_(at <= place.at, or_(at < place.at, id < place.id))


def before(place: Place, at: Any, id: Any) -> ColumnElement[bool]:
    """Return the condition for the rows before `place`, which are newer."""
    return and_(at >= place.at, or_(at > place.at, id > place.id))

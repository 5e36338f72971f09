"""Lists that go on where the last page ended, newest first, whatever is added or deleted meanwhile."""

import base64
import re
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, or_

from domain.errors import FieldProblem, InvalidInput

CURSOR = re.compile(rb"([0-9]{1,17})\.([0-9a-f]{32})")
NO_ID = "0" * 32
"""Below every id: a place just after everything of a moment."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Place(NamedTuple):
    """The row that a page ended with."""

    at: datetime
    id: str


def write(place: Place) -> str:
    """Return a place as a text for the next call."""
    microseconds = (place.at - _EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(f"{microseconds}.{place.id}".encode()).rstrip(b"=").decode()


def read(cursor: str) -> Place:
    """Return the place that `write` wrote; raises InvalidInput."""
    try:
        found = CURSOR.fullmatch(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        found = None
    if found is None:
        raise InvalidInput(FieldProblem("cursor", "is not one that a list has given"))
    return Place(_EPOCH + timedelta(microseconds=int(found[1])), found[2].decode())


def after(place: Place, at: Any, id: Any) -> ColumnElement[bool]:
    """Return the condition for what follows `place`; its first half is what an index of `at` alone can use."""
    return and_(at <= place.at, or_(at < place.at, id < place.id))

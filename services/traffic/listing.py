"""Pages of long lists, newest first, with a bound on the rows that one page scans."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from sqlalchemy import ColumnElement, Row, func, select

from exts import db
from services.storage import keyset
from services.storage.keyset import NO_ID, Place

LOOK_THROUGH = 20_000
"""Rows scanned for one page: about 50 ms. Filters within that have no index, as each index slows down every send."""
COUNT_THROUGH = 100_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """A query: `columns` of a table, ordered by `at` and `id`, which are among them.

    `indexed` are the conditions that an index answers; `sieve` are those that must be tested row by row.
    """

    columns: Sequence[Any]
    at: Any
    id: Any
    indexed: Sequence[ColumnElement[bool]] = ()
    sieve: Sequence[ColumnElement[bool]] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """One page. `looked_back_to` is the oldest time scanned, if the scan stopped before the page was full."""

    rows: Sequence[Row[Any]]
    next_cursor: str | None
    looked_back_to: datetime | None = None


class Page(Protocol):
    """A page that knows where the next one begins."""

    @property
    def next_cursor(self) -> str | None:
        """Where the next page begins; None after the last."""


P = TypeVar("P", bound=Page)


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows there are; `is_least`: a lower bound, because older rows were not counted."""

    number: int
    is_least: bool


def look(wanted: Wanted, *, limit: int, cursor: str | None) -> Found:
    """Return the next page; raises InvalidInput for an invalid cursor."""
    conditions = list(wanted.indexed)
    if cursor is not None:
        conditions.append(keyset.after(keyset.read(cursor), wanted.at, wanted.id))
    horizon = _horizon(wanted, conditions, LOOK_THROUGH) if wanted.sieve else None
    if horizon is not None:
        conditions.append(wanted.at >= horizon)
    rows = db.session.execute(
        select(*wanted.columns)
        .where(*conditions, *wanted.sieve)
        .order_by(wanted.at.desc(), wanted.id.desc())
        .limit(limit + 1)
    ).all()
    db.session.rollback()
    if len(rows) > limit:
        return Found(rows[:limit], keyset.write(_place(wanted, rows[limit - 1])))
    if horizon is None:
        return Found(rows, None)
    return Found(rows, keyset.write(Place(horizon, NO_ID)), horizon)


def ids(wanted: Wanted, *, most: int) -> list[str]:
    """Return the ids of the newest `most` rows, no matter how old they are."""
    found: list[str] = []
    cursor: str | None = None
    while len(found) < most:
        block = look(wanted, limit=most - len(found), cursor=cursor)
        found += [row.id for row in block.rows]
        cursor = block.next_cursor
        if cursor is None:
            break
    return found


def every(page: Callable[[str | None], P]) -> Iterator[P]:
    """Yield all pages, the first one from cursor None; no transaction is open between them."""
    cursor: str | None = None
    while True:
        one = page(cursor)
        yield one
        cursor = one.next_cursor
        if cursor is None:
            return


def count(wanted: Wanted) -> Count:
    """Count the matches among at most the newest `COUNT_THROUGH` rows."""
    horizon = _horizon(wanted, wanted.indexed, COUNT_THROUGH)
    conditions = [] if horizon is None else [wanted.at > horizon]
    counted = select(func.count(wanted.at)).where(*wanted.indexed, *conditions, *wanted.sieve)
    number: int = db.session.scalar(counted) or 0
    db.session.rollback()
    return Count(number, is_least=horizon is not None)


def _horizon(wanted: Wanted, conditions: Sequence[ColumnElement[bool]], rows: int) -> datetime | None:
    """Return the time of the row `rows` places back, None where there are fewer."""
    far = select(wanted.at).where(*conditions).order_by(wanted.at.desc()).offset(rows).limit(1)
    found: datetime | None = db.session.scalar(far)
    return found


def _place(wanted: Wanted, row: Row[Any]) -> Place:
    return Place(row._mapping[wanted.at.key], row._mapping[wanted.id.key])

"""Pages of long lists, newest first, with a bound on the rows that one page scans."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from sqlalchemy import ColumnElement, Row, func, select

from exts import db
from services.storage import keyset
from services.storage.keyset import LAST_ID, NO_ID, Place

LOOK_THROUGH = 20_000
"""Rows scanned for one page: about 50 ms. Filters within that have no index, as each index slows down every send."""
COUNT_THROUGH = 100_000
TALLY_THROUGH = 10_000
"""Rows counted by state on each page of a list."""
MOST_NEWER = 100
NEWER = "~"
"""Begins the cursor of a page with what is newer than a place."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A query: `columns` of a table, ordered by `at` and `id`, which are among them.

    `indexed` are the conditions that an index answers; `sieve` are those that must be tested row by row, `cost` is how
    many times as long as usual that takes.
    """

    columns: Sequence[Any]
    at: Any
    id: Any
    indexed: Sequence[ColumnElement[bool]] = ()
    sieve: Sequence[ColumnElement[bool]] = ()
    cost: int = 1


@dataclass(frozen=True, slots=True)
class Found:
    """One page. `looked_back_to` is the oldest time scanned, if the scan stopped before the page was full.

    `newer_cursor` leads to what is newer than its first row; None where it has no row.
    """

    rows: Sequence[Row[Any]]
    next_cursor: str | None
    looked_back_to: datetime | None = None
    newer_cursor: str | None = None


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


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows have each state; `is_least`: lower bounds, because older rows were not counted."""

    counts: Mapping[str, int]
    is_least: bool


def look(wanted: Wanted, *, limit: int, cursor: str | None) -> Found:
    """Return the next page, or with a `newer_cursor` the one before; raises InvalidInput for an invalid cursor."""
    if cursor is not None and cursor.startswith(NEWER):
        return _look_ahead(wanted, limit, keyset.read(cursor.removeprefix(NEWER)))
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
    newer = _newer_than(wanted, rows)
    if len(rows) > limit:
        return Found(rows[:limit], keyset.write(_place(wanted, rows[limit - 1])), None, newer)
    if horizon is None:
        return Found(rows, None, None, newer)
    return Found(rows, keyset.write(Place(horizon, NO_ID)), horizon, newer)


def _look_ahead(wanted: Wanted, limit: int, place: Place) -> Found:
    """Return the page of what is just newer than a place, in the same order; the first page where that is not full."""
    conditions = [*wanted.indexed, keyset.before(place, wanted.at, wanted.id)]
    horizon = _horizon(wanted, conditions, LOOK_THROUGH, is_ahead=True) if wanted.sieve else None
    if horizon is not None:
        conditions.append(wanted.at <= horizon)
    rows = db.session.execute(
        select(*wanted.columns).where(*conditions, *wanted.sieve).order_by(wanted.at, wanted.id).limit(limit)
    ).all()[::-1]
    db.session.rollback()
    if len(rows) < limit and horizon is None:
        return look(wanted, limit=limit, cursor=None)
    newer = _newer_than(wanted, rows) if len(rows) == limit or horizon is None else None
    if horizon is not None and newer is None:
        newer = NEWER + keyset.write(Place(horizon, LAST_ID))
    last = _place(wanted, rows[-1]) if rows else place
    return Found(rows, keyset.write(last), None, newer)


def newer(wanted: Wanted, cursor: str) -> int:
    """Count what is newer than a `newer_cursor`, up to MOST_NEWER; raises InvalidInput for an invalid cursor."""
    place = keyset.read(cursor.removeprefix(NEWER))
    conditions = [*wanted.indexed, keyset.before(place, wanted.at, wanted.id)]
    horizon = _horizon(wanted, conditions, LOOK_THROUGH, is_ahead=True) if wanted.sieve else None
    if horizon is not None:
        conditions.append(wanted.at <= horizon)
    rows = select(wanted.at).where(*conditions, *wanted.sieve).limit(MOST_NEWER).subquery()
    number: int = db.session.scalar(select(func.count()).select_from(rows)) or 0
    db.session.rollback()
    return number


def tally(wanted: Wanted, state: ColumnElement[str]) -> Tally:
    """Count by state among at most the newest `TALLY_THROUGH` rows."""
    horizon = _horizon(wanted, wanted.indexed, TALLY_THROUGH)
    conditions = [] if horizon is None else [wanted.at > horizon]
    rows = select(state.label("state")).where(*wanted.indexed, *conditions, *wanted.sieve).subquery("counted")
    found = db.session.execute(select(rows.c.state, func.count()).group_by(rows.c.state))
    counts: dict[str, int] = dict(found.all())
    db.session.rollback()
    return Tally(counts, is_least=horizon is not None)


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


def _horizon(
    wanted: Wanted, conditions: Sequence[ColumnElement[bool]], rows: int, *, is_ahead: bool = False
) -> datetime | None:
    """Return the time of the row `rows` places back or ahead, None where there are fewer."""
    order = wanted.at if is_ahead else wanted.at.desc()
    far = select(wanted.at).where(*conditions).order_by(order).offset(rows // wanted.cost).limit(1)
    found: datetime | None = db.session.scalar(far)
    return found


def _newer_than(wanted: Wanted, rows: Sequence[Row[Any]]) -> str | None:
    return NEWER + keyset.write(_place(wanted, rows[0])) if rows else None


def _place(wanted: Wanted, row: Row[Any]) -> Place:
    return Place(row._mapping[wanted.at.key], row._mapping[wanted.id.key])

"""Pages of long lists, newest first, that never look through more than so many rows whatever is asked for."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from sqlalchemy import ColumnElement, Row, func, select

from exts import db
from services.storage import keyset
from services.storage.keyset import NO_ID, Place

LOOK_THROUGH = 20_000
"""Rows: about 50 ms. What is found among fewer has no index of its own, for every index makes each click slower."""
COUNT_THROUGH = 100_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to list: `columns` of a table in the order of `at` and `id`, which are among them.

    `indexed` is what an index answers; `sieve` is what each of those rows must be looked at for.
    """

    columns: Sequence[Any]
    at: Any
    id: Any
    indexed: Sequence[ColumnElement[bool]] = ()
    sieve: Sequence[ColumnElement[bool]] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """One page. `looked_back_to` is when the look ended, where it ended before the page was full."""

    rows: Sequence[Row[Any]]
    next_cursor: str | None
    looked_back_to: datetime | None = None


class Page(Protocol):
    """What knows how the list goes on."""

    @property
    def next_cursor(self) -> str | None:
        """Where the next page begins; None after the last."""


P = TypeVar("P", bound=Page)


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows there are; `is_least`: older ones were not counted."""

    number: int
    is_least: bool


def look(wanted: Wanted, *, limit: int, cursor: str | None) -> Found:
    """Return the next page; raises InvalidInput where the cursor is none of ours."""
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
    """Return the ids of the newest `most` rows, however far back they are."""
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
    """Yield the page of each cursor, the first one of None, to the last; no transaction is open between them."""
    cursor: str | None = None
    while True:
        one = page(cursor)
        yield one
        cursor = one.next_cursor
        if cursor is None:
            return


def count(wanted: Wanted) -> Count:
    """Return how many there are among the newest rows, of which no more than `COUNT_THROUGH` are looked at."""
    horizon = _horizon(wanted, wanted.indexed, COUNT_THROUGH)
    conditions = [] if horizon is None else [wanted.at > horizon]
    counted = select(func.count(wanted.at)).where(*wanted.indexed, *conditions, *wanted.sieve)
    number: int = db.session.scalar(counted) or 0
    db.session.rollback()
    return Count(number, is_least=horizon is not None)


def _horizon(wanted: Wanted, conditions: Sequence[ColumnElement[bool]], rows: int) -> datetime | None:
    """Return how far back `rows` reach, None where fewer are left."""
    far = select(wanted.at).where(*conditions).order_by(wanted.at.desc()).offset(rows).limit(1)
    found: datetime | None = db.session.scalar(far)
    return found


def _place(wanted: Wanted, row: Row[Any]) -> Place:
    return Place(row._mapping[wanted.at.key], row._mapping[wanted.id.key])

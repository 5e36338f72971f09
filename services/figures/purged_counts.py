"""Delete messages and codes, and add them to the counts of purged rows, in one transaction.

PostgreSQL does all but the adding in one statement, which sends no row to us. Elsewhere the rows are counted first, and
deleted under locks that the caller holds.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, FromClause, Select, bindparam, case, delete, func, select, type_coerce
from sqlalchemy.orm import Session

from models.message import Message
from models.status_callback import StatusCallback
from models.verification import Verification
from models.verification_step import VerificationStep
from services.figures import rollups
from services.figures.traffic_counts import STEP, Counted, begin_of_hour, key_of, took
from services.storage.blocks import Conditions
from services.storage.transactions import change

messages = Message.__table__
codes = Verification.__table__
_OF_MESSAGES = (StatusCallback.message_id,)
_OF_CODES = (VerificationStep.verification_id,)
"""The columns of what is deleted together with a row, which name the row."""


def delete_messages(session: Session, chosen: Conditions, ids: Sequence[str]) -> int:
    """Delete messages; a code counts with the last message that carried it. Return how many."""
    counted = Counted()
    gone = 0
    for row in _deleted(session, messages, chosen, ids, _OF_MESSAGES, _facts_of_messages):
        hour, owner, *alike, status, issued_at, issued_by, step, number, approved = row
        counted.add(key_of(hour, owner, *alike), status, step, number)
        if issued_at is not None:
            counted.add_codes(key_of(issued_at, issued_by, *alike), number, approved)
        gone += number
    rollups.keep_purged(session, counted)
    return gone


def delete_codes(session: Session, chosen: Conditions, ids: Sequence[str]) -> int:
    """Delete verifications with their steps; those whose last message is gone are counted. Return how many."""
    counted = Counted()
    gone = 0
    for *key, carried, number, approved in _deleted(session, codes, chosen, ids, _OF_CODES, _facts_of_codes):
        if carried:
            counted.add_codes(key_of(*key), number, approved)
        gone += number
    rollups.keep_purged(session, counted)
    return gone


def _deleted(
    session: Session, table: Any, chosen: Conditions, ids: Sequence[str], parts: Sequence[Any], facts: Any
) -> Sequence[Any]:
    """Delete rows and their parts; return what `facts` selects of them."""
    if session.get_bind().dialect.name == "postgresql":
        gone = delete(table).where(*chosen).returning(*table.c).cte("gone")
        theirs = [delete(one.class_).where(one.in_(select(gone.c.id))) for one in parts]
        parts_too = [one.cte(f"parts_{number}") for number, one in enumerate(theirs)]
        return session.execute(facts(gone).add_cte(*parts_too)).all()
    for one in parts:  # under the caller's locks, so that what is counted is what goes
        change(session, delete(one.class_).where(one.in_(ids)))
    found = session.execute(_facts_of_ids(table, facts), {"ids": ids}).all()
    change(session, delete(table).where(table.c.id.in_(ids)))  # what has settled, or expired, stays so
    return found


@cache
def _facts_of_ids(table: Any, facts: Any) -> Select[Any]:
    """Put together once: for the few rows of a block of SQLite that takes longer than to count them."""
    return facts(select(table).where(table.c.id.in_(bindparam("ids", expanding=True))).subquery("gone"))  # type: ignore[no-any-return]


def _facts_of_messages(gone: FromClause) -> Select[Any]:
    is_newest = codes.c.message_id == gone.c.id
    rows = (
        select(
            begin_of_hour(gone.c.created_at).label("hour"),
            *(gone.c.owner, gone.c.channel, gone.c.gateway, gone.c.country, codes.c.purpose, gone.c.status),
            case((is_newest, begin_of_hour(codes.c.created_at))).label("issued_at"),
            case((is_newest, codes.c.owner)).label("issued_by"),
            took(gone.c).label("took"),
            case((is_newest, type_coerce(codes.c.used_at, BigInteger))).label("used_at"),
        )
        .outerjoin_from(gone, codes, codes.c.id == gone.c.verification_id)
        .subquery("facts")
    )
    alike = [column for column in rows.c if column.name not in ("took", "used_at")]
    counts = (func.count(), func.count(rows.c.used_at))
    return select(*alike, STEP.label("step"), *counts).group_by(*alike, "step")


def _facts_of_codes(gone: FromClause) -> Select[Any]:
    carries = (messages.c.id == gone.c.message_id) & (messages.c.verification_id == gone.c.id)
    rows = (
        select(
            begin_of_hour(gone.c.created_at).label("hour"),
            *(gone.c.owner, messages.c.channel, messages.c.gateway, messages.c.country, gone.c.purpose),
            messages.c.id.is_not(None).label("carried"),
            type_coerce(gone.c.used_at, BigInteger).label("used_at"),
        )
        .outerjoin_from(gone, messages, carries)
        .subquery("facts")
    )
    alike = [column for column in rows.c if column.name != "used_at"]
    return select(*alike, func.count(), func.count(rows.c.used_at)).group_by(*alike)

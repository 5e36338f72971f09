"""A step that waits for a message that will not arrive is due at once. Core statements: workers settle in blocks."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice

from sqlalchemy import bindparam, select, update

from domain.statuses import MessageStatus
from models.indexes import is_to_come
from models.message import Message
from models.verification_step import VerificationStep
from services.storage.prepared import Prepared
from services.storage.transactions import Writer

_messages, _steps = Message.__table__, VerificationStep.__table__
_LOST = (MessageStatus.FAILED.value, MessageStatus.UNDELIVERED.value, MessageStatus.EXPIRED.value)
BLOCK = 400
"""Pairs in one statement; SQLite before 3.32 allows 999 values in all."""
_HASTEN = Prepared(
    update(_steps)
    .where(
        _steps.c.verification_id == bindparam("of_verification"),
        _steps.c.number > bindparam("after_number"),
        is_to_come(_steps.c.due_at, bindparam("now", type_=_steps.c.due_at.type)),
    )
    .values(due_at=bindparam("new_due_at", type_=_steps.c.due_at.type))
)


def any_waits(reader: Writer, now: datetime) -> bool:
    """Tell whether any step waits for its time: one look into an index."""
    return (
        reader.execute(select(_steps.c.number).where(is_to_come(_steps.c.due_at, now)).limit(1)).first()
        is not None
    )


def hasten(writer: Writer, messages: Iterable[tuple[str, str | None]], now: datetime) -> None:
    """Make the steps due that follow these messages, where they are lost: failed, undelivered or expired.

    `messages`: the ids of each and of its verification, if it carries a code. The caller has written the statuses, and
    commits.
    """
    pairs = (pair for pair in messages if pair[1] is not None)
    while block := list(islice(pairs, BLOCK)):
        if not any_waits(writer, now):
            return
        _hasten_block(writer, block, now)


def _hasten_block(writer: Writer, block: Sequence[tuple[str, str | None]], now: datetime) -> None:
    ids, of = zip(*block, strict=True)
    lost = (
        select(_steps.c.verification_id, _steps.c.number)
        .join_from(_steps, _messages, _messages.c.id == _steps.c.message_id)
        .where(_steps.c.verification_id.in_(of), _steps.c.message_id.in_(ids), _messages.c.status.in_(_LOST))
    )
    found = [
        {"of_verification": row.verification_id, "after_number": row.number, "now": now, "new_due_at": now}
        for row in writer.execute(lost)
    ]
    if found:
        _HASTEN.run(writer, found)

"""Tell what becomes of verifications, in the transaction in which it does; no event holds the code."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.orm import Session

from domain.events import EventType, Listener
from exts import db
from models import Message, Verification, clock
from services import steps
from services.codes import issuing
from services.codes.erasing import ended_codes, erase_ended_codes
from services.codes.issuing import Issue
from services.codes.verification_views import first_view
from services.events import data, telling
from services.events.listeners import Listeners, any_wants, listening
from services.events.telling import News
from services.storage.transactions import Writer, transaction

_verifications, _messages = Verification.__table__, Message.__table__
DOUBT = timedelta(seconds=15)
"""An event of a lock is posted this long after the last attempt was counted, if nobody is told of a right code."""
BLOCK = 500


def put(connection: Connection, issues: Sequence[Issue]) -> None:
    """Insert challenges and their messages, and tell of them; the caller commits, then rings the bell."""
    issuing.put(connection, issues)
    listeners = listening(connection)
    if any_wants(listeners, (EventType.VERIFICATION_CREATED,)):
        telling.tell(connection, listeners, [_created(issue) for issue in issues], clock.now())


def _created(issue: Issue) -> News:
    told = data.verification_view(first_view(issue))
    return News(EventType.VERIFICATION_CREATED, issue.challenge.id, told, (issue.challenge.owner.id,))


def approved(session: Session, verification_id: str) -> None:
    """Tell that the right code was entered, and take back that it might be locked; the caller commits."""
    listeners = listening(session)
    if any_wants(listeners, (EventType.VERIFICATION_LOCKED,)):
        telling.withdraw(session, _lock_id(verification_id))
    _tell(session, listeners, EventType.VERIFICATION_APPROVED, [verification_id], clock.now())


def canceled(session: Session, ids: Sequence[str], now: datetime) -> None:
    """Tell that verifications were canceled; the caller commits."""
    _tell(session, listening(session), EventType.VERIFICATION_CANCELED, ids, now)


def maybe_locked(session: Session, verification_id: str, now: datetime) -> None:
    """Tell ahead of time that a verification is locked if this was its last attempt; the caller commits.

    An attempt is counted and committed before the guess is compared, so a process that is killed in between must have
    told. The event waits; `approved` takes it back, and `locked_for_good` posts it at once.
    """
    listeners = listening(session)
    if not any_wants(listeners, (EventType.VERIFICATION_LOCKED,)):
        return
    left = (Verification.max_attempts > 0, Verification.attempts >= Verification.max_attempts)
    if session.scalar(select(Verification.id).where(Verification.id == verification_id, *left)) is None:
        return
    id, wait = _lock_id(verification_id), now + DOUBT
    _tell(session, listeners, EventType.VERIFICATION_LOCKED, [verification_id], now, id=id, due_at=wait)


def locked_for_good(verification_id: str) -> None:
    """Post the event of a lock now, if there is one: the last guess was wrong."""

    if any_wants(listening(db.session()), (EventType.VERIFICATION_LOCKED,)):
        transaction(lambda session: telling.hasten(session, _lock_id(verification_id), clock.now()))


def _lock_id(verification_id: str) -> str:
    """Return the id of the one event that tells of a verification's lock."""
    return hashlib.sha256(f"{EventType.VERIFICATION_LOCKED} {verification_id}".encode()).hexdigest()[:32]


def erase_and_tell(
    listeners: Listeners, engine: Engine, now: datetime, looked_at: datetime | None = None
) -> None:
    """Erase the sealed codes of expired verifications, and tell of those that nobody approved, canceled or locked.

    A code is erased once, which makes it the mark of what has been told. `looked_at`: when this process looked last.
    """
    with engine.connect() as connection:
        is_wanted = any_wants(listeners.of(connection), (EventType.VERIFICATION_EXPIRED,))
    if not is_wanted:
        erase_ended_codes(engine, now, looked_at)
        return
    while _erase_block(listeners, engine, now, looked_at) == BLOCK:
        pass  # what somebody else has locked is told of after the next look


def _erase_block(listeners: Listeners, engine: Engine, now: datetime, looked_at: datetime | None) -> int:
    ended = ended_codes(now, looked_at)
    some = select(_verifications.c.id).where(*ended).limit(BLOCK)
    with engine.connect() as connection:
        if connection.execute(some.limit(1)).first() is None:
            return 0  # finding nothing must not take the write lock
    with engine.begin() as connection:
        ids = list(connection.scalars(some.with_for_update(skip_locked=True)))
        erase = update(_verifications).where(_verifications.c.id.in_(ids), *ended).values(sealed_code=None)
        if not ids or connection.execute(erase).rowcount != len(ids):
            connection.rollback()  # on SQLite another worker may have been faster
            return 0
        _tell(connection, listeners.of(connection), EventType.VERIFICATION_EXPIRED, ids, now)
    return len(ids)


def _tell(
    writer: Writer,
    listeners: Sequence[Listener],
    kind: EventType,
    ids: Sequence[str],
    now: datetime,
    *,
    id: str | None = None,
    due_at: datetime | None = None,
) -> None:
    """Tell the same of verifications; of an expired one only if it was still open.

    `id` of the event: for one verification, where an event may have been written before.
    """
    if not ids or not any_wants(listeners, (kind,)):
        return
    statuses = data.VERIFICATIONS.add_columns(_messages.c.status.label("message_status"))
    found = statuses.join_from(
        _verifications, _messages, _messages.c.id == _verifications.c.message_id, isouter=True
    )
    rows = writer.execute(found.where(_verifications.c.id.in_(ids))).all()
    ways = steps.of(writer, rows, now)
    news = []
    for row in rows:
        is_locked = row.attempts >= row.max_attempts > 0
        if kind is EventType.VERIFICATION_EXPIRED and is_locked:
            continue
        message = (row.message_id, row.message_status or "expired")
        told = data.verification(row, message, now, ways.get(row.id, ()))
        news.append(News(kind, row.id, told, (row.owner,), **({"id": id} if id else {})))
    telling.tell(writer, listeners, news, now, due_at=due_at)

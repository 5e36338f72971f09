"""The safe list of the pumping guard: prefixes, and whole numbers, that it never stops."""

import logging
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain import pumping
from domain.actions import Action
from domain.characters import has_control_characters
from domain.errors import FieldProblem, InvalidInput, NameTaken, NotFound
from exts import db
from models import Administrator, SafePrefix, clock
from services.audit import trail
from services.audit.trail import COMMAND_LINE, Actor
from services.limits.pumping_guard import FreshClosures
from services.process.parts import part
from services.storage.transactions import transaction

log = logging.getLogger(__name__)
LONGEST_NOTE = 120
WHOLE_NUMBER = 11
"""An entry with at least this many characters may be somebody's whole number, and is shown masked."""


@dataclass(frozen=True, slots=True)
class SafeView:
    """One entry of the safe list."""

    id: int
    shown: str
    note: str
    added_at: datetime
    added_by: str | None = field(repr=False)


def everything() -> list[SafeView]:
    """Return the whole list, in the order of the numbers."""
    rows = db.session.execute(
        select(SafePrefix, Administrator.email)
        .outerjoin(Administrator, Administrator.id == SafePrefix.added_by)
        .order_by(SafePrefix.prefix)
    )
    views = [SafeView(row.id, masked(row.prefix), row.note, row.added_at, email) for row, email in rows]
    db.session.rollback()
    return views


def masked(prefix: str) -> str:
    """Return an entry fit for a page: four digits are hidden where it may be a whole number."""
    if len(prefix) < WHOLE_NUMBER:
        return f"{prefix}…"
    return f"{prefix[:-8]}****{prefix[-4:]}"


def add(text: str, note: str, *, by: Actor = COMMAND_LINE) -> None:
    """Add a prefix or number that the guard never stops; raises InvalidInput, and NameTaken where the list has it."""
    prefix, trimmed = pumping.parse_safe(text), note.strip()
    if prefix is None:
        raise InvalidInput(FieldProblem("prefix", "must be + and 1 to 15 digits"))
    if len(trimmed) > LONGEST_NOTE or has_control_characters(trimmed):
        raise InvalidInput(FieldProblem("note", f"must have at most {LONGEST_NOTE} characters"))
    row = SafePrefix(prefix=prefix, note=trimmed, added_by=by.id, added_at=clock.now())

    def work(session: Session) -> None:
        session.add(row)
        session.flush()
        trail.note(session, by, Action.SAFE_PREFIX_ADDED, masked(prefix), subject_id=row.id)

    try:
        transaction(work)
    except IntegrityError:
        raise NameTaken("is in the list already") from None
    part(FreshClosures).forget()
    log.info("%s is on the safe list of the pumping guard", masked(prefix))


def remove(number: int, *, by: Actor = COMMAND_LINE) -> str:
    """Remove an entry, so that the guard may stop its numbers; return it masked. Raises NotFound."""

    def work(session: Session) -> str:
        row = session.get(SafePrefix, number, with_for_update=True)
        if row is None:
            raise NotFound("no such entry of the safe list")
        session.delete(row)
        trail.note(session, by, Action.SAFE_PREFIX_REMOVED, masked(row.prefix), subject_id=number)
        return masked(row.prefix)

    removed = transaction(work)
    part(FreshClosures).forget()
    log.info("%s is no longer on the safe list of the pumping guard", removed)
    return removed

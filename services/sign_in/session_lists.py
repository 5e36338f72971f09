"""List the active console sessions and end them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import current_app
from sqlalchemy import ColumnElement, select, true, update
from sqlalchemy.orm import Session

from domain.actions import Action
from domain.destinations import mask
from domain.errors import NotFound
from exts import db
from models import Administrator, AdministratorSession
from services.audit import trail
from services.audit.trail import Actor
from services.sign_in.sessions import ConsoleSession
from services.storage.transactions import change, transaction


@dataclass(frozen=True, slots=True)
class SessionView:
    """One active session."""

    id: str
    administrator_id: int
    signed_in_at: datetime
    last_seen_at: datetime
    ip: str | None
    user_agent: str


def living(administrator_id: int | None = None) -> list[SessionView]:
    """Return the active sessions of one administrator or of all, the most recently seen first."""
    wanted = select(AdministratorSession).where(*_lives()).order_by(AdministratorSession.last_seen_at.desc())
    if administrator_id is not None:
        wanted = wanted.where(AdministratorSession.administrator_id == administrator_id)
    found = [_view(row) for row in db.session.scalars(wanted)]
    db.session.rollback()
    return found


def end_one(session_id: str, *, by: Actor) -> None:
    """End one of the caller's own sessions; raises NotFound for somebody else's, or where it has ended."""
    if not _end(by.id, AdministratorSession.id == session_id, by):
        raise NotFound("you have no such session")


def end_others(session: ConsoleSession, *, by: Actor) -> int:
    """End all of the caller's sessions except this one; return how many there were."""
    return _end(by.id, AdministratorSession.id != session.id, by)


def end_all(administrator_id: int, *, by: Actor) -> int:
    """End all sessions of an administrator; return how many there were. Raises NotFound."""
    return _end(administrator_id, true(), by)


def _end(administrator_id: int | None, which: ColumnElement[bool], by: Actor) -> int:
    def work(database: Session) -> int:
        administrator = database.get(Administrator, administrator_id)
        if administrator is None:
            raise NotFound("there is no such administrator")
        theirs = AdministratorSession.administrator_id == administrator.id
        ending = update(AdministratorSession).where(theirs, which, *_lives())
        ended = change(database, ending.values(ended_at=datetime.now(UTC)))
        if ended:
            action = Action.OWN_SESSIONS_ENDED if administrator.id == by.id else Action.SESSIONS_ENDED
            subject, told = mask(administrator.email), {"sessions": ended}
            trail.note(database, by, action, subject, subject_id=administrator.id, after=told)
        return ended

    return transaction(work)


def _lives() -> list[ColumnElement[bool]]:
    now, settings = datetime.now(UTC), current_app.config
    conditions: list[ColumnElement[bool]] = [AdministratorSession.ended_at.is_(None)]
    if settings["SESSION_IDLE_SECONDS"]:
        oldest = now - timedelta(seconds=settings["SESSION_IDLE_SECONDS"])
        conditions.append(AdministratorSession.last_seen_at >= oldest)
    if settings["SESSION_LIFE_SECONDS"]:
        oldest = now - timedelta(seconds=settings["SESSION_LIFE_SECONDS"])
        conditions.append(AdministratorSession.signed_in_at >= oldest)
    return conditions


def _view(row: AdministratorSession) -> SessionView:
    return SessionView(
        id=row.id,
        administrator_id=row.administrator_id,
        signed_in_at=row.signed_in_at,
        last_seen_at=row.last_seen_at,
        ip=row.ip,
        user_agent=row.user_agent or "",
    )

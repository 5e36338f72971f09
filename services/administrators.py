"""The people who may sign in to the console: add, list, reset, disable."""

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain import destinations
from domain.actions import Action
from domain.destinations import Destination, mask
from domain.errors import Conflict, FieldProblem, InvalidDestination, InvalidInput, NotFound
from domain.passwords import check_password, one_time_password
from domain.roles import Role
from domain.statuses import Channel
from exts import db
from models import Administrator, AdministratorSession
from services import audit
from services.audit import COMMAND_LINE, Actor
from services.passwords import hash_password
from services.transactions import transaction

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AdministratorView:
    """An administrator as pages and commands may see it."""

    id: int
    email: str = field(repr=False)
    canonical: str = field(repr=False)
    phone: str | None = field(repr=False)
    role: Role
    must_change_password: bool
    locale: str | None
    zone: str | None
    created_at: datetime
    disabled_at: datetime | None


def add(
    email: str, role: str, password: str | None = None, *, by: Actor = COMMAND_LINE
) -> tuple[AdministratorView, str | None]:
    """Add an administrator; without a `password`, also return a one-time password to be changed at first sign-in.

    Raises InvalidInput where e-mail, role or password are no good, and Conflict where the e-mail address is in use.
    """
    destination = parse_email(email)
    if role not in list(Role):
        raise InvalidInput(FieldProblem("role", f"must be one of {', '.join(Role)}"))
    if password is not None:
        check_password(password, names=[destination.canonical, current_app.config["SERVICE_NAME"]])
    made = one_time_password() if password is None else None
    password_hash = hash_password(password or made or "")

    def work(session: Session) -> AdministratorView:
        administrator = Administrator(
            email=destination.to,
            canonical=destination.canonical,
            role=Role(role).value,
            password_hash=password_hash,
            must_change_password=made is not None,
            created_at=datetime.now(UTC),
        )
        session.add(administrator)
        session.flush()
        _note(session, by, Action.ADMINISTRATOR_ADDED, administrator, after={"role": administrator.role})
        return view(administrator)

    try:
        added = transaction(work)
    except IntegrityError as error:
        raise Conflict("an administrator has this e-mail address") from error
    log.info("administrator %s (%s) added as %s", added.id, mask(added.email), added.role)
    return added, made


def everyone() -> list[AdministratorView]:
    """Return all administrators by e-mail address, the disabled ones too."""
    found = [view(one) for one in db.session.scalars(select(Administrator).order_by(Administrator.canonical))]
    db.session.rollback()
    return found


def reset_password(email: str, *, by: Actor = COMMAND_LINE) -> str:
    """Give an administrator a one-time password, end all sessions, and return the password; raises NotFound."""
    made = one_time_password()
    password_hash = hash_password(made)

    def work(session: Session) -> int:
        administrator = _by_email(session, email)
        administrator.password_hash = password_hash
        administrator.must_change_password = True
        end_sessions(session, administrator.id, datetime.now(UTC))
        _note(session, by, Action.PASSWORD_RESET, administrator)
        return administrator.id

    log.info("password of administrator %s reset", transaction(work))
    return made


def disable(email: str, *, by: Actor = COMMAND_LINE) -> None:
    """Let an administrator sign in no more, and end all sessions; raises NotFound."""

    def work(session: Session) -> int:
        now = datetime.now(UTC)
        administrator = _by_email(session, email)
        if administrator.disabled_at is None:
            administrator.disabled_at = now
            state = {"before": {"state": "active"}, "after": {"state": "disabled"}}
            _note(session, by, Action.ADMINISTRATOR_DISABLED, administrator, **state)
        end_sessions(session, administrator.id, now)
        return administrator.id

    log.info("administrator %s disabled", transaction(work))


def end_sessions(session: Session, administrator_id: int, now: datetime, *, but: str | None = None) -> None:
    """End an administrator's console sessions, all `but` one, in the caller's transaction."""
    session.execute(
        update(AdministratorSession)
        .where(AdministratorSession.administrator_id == administrator_id)
        .where(AdministratorSession.ended_at.is_(None), AdministratorSession.id != (but or ""))
        .values(ended_at=now)
        .execution_options(synchronize_session=False)
    )


def parse_email(text: str, *, field: str = "email") -> Destination:
    """Return the one e-mail address that `text` means; raises InvalidDestination for `field`."""
    try:
        return destinations.parse(Channel.EMAIL, text, region=current_app.config["DEFAULT_REGION"])
    except InvalidDestination as error:
        raise InvalidDestination(error.problems[0].message, field) from error


def view(administrator: Administrator) -> AdministratorView:
    """Return what may leave the services."""
    return AdministratorView(
        id=administrator.id,
        email=administrator.email,
        canonical=administrator.canonical,
        phone=administrator.phone,
        role=Role(administrator.role),
        must_change_password=administrator.must_change_password,
        locale=administrator.locale,
        zone=administrator.zone,
        created_at=administrator.created_at,
        disabled_at=administrator.disabled_at,
    )


def _note(session: Session, by: Actor, action: Action, administrator: Administrator, **change: Any) -> None:
    audit.note(session, by, action, mask(administrator.email), subject_id=administrator.id, **change)


def _by_email(session: Session, email: str) -> Administrator:
    canonical = parse_email(email).canonical
    found = session.scalars(select(Administrator).where(Administrator.canonical == canonical)).one_or_none()
    if found is None:
        raise NotFound("no administrator has this e-mail address")
    return found

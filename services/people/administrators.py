"""The people who may sign in to the console: add, list, reset, give a role, disable, enable."""

import logging
from datetime import UTC, datetime
from typing import Any

from flask import current_app
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.actions import Action
from domain.destinations import Destination, mask
from domain.errors import (
    Conflict,
    FieldProblem,
    InvalidDestination,
    InvalidInput,
    LastOwner,
    NotFound,
    OwnAccount,
)
from domain.passwords import check_password, one_time_password
from domain.roles import Role
from domain.statuses import Channel
from exts import db
from models import Administrator, AdministratorSession, SignInStep
from services import typed
from services.alarms import mails
from services.audit import trail
from services.audit.trail import COMMAND_LINE, Actor
from services.people.administrator_views import AdministratorView, view
from services.people.passwords import hash_password
from services.storage.exact import exactly
from services.storage.transactions import change, transaction

log = logging.getLogger(__name__)


def add(
    email: str, role: str, password: str | None = None, *, by: Actor = COMMAND_LINE
) -> tuple[AdministratorView, str | None]:
    """Add an administrator; without a `password`, also return a one-time password to be changed at first sign-in.

    Raises InvalidInput where e-mail, role or password are invalid, and Conflict where the e-mail address is in use.
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
    """Return all administrators ordered by e-mail address, including the disabled ones."""
    found = [view(one) for one in db.session.scalars(select(Administrator).order_by(Administrator.canonical))]
    db.session.rollback()
    return found


def by_id(number: int) -> AdministratorView:
    """Return one administrator; raises NotFound."""
    found = db.session.get(Administrator, number, populate_existing=True)
    shown = view(found) if found else None
    db.session.rollback()
    if shown is None:
        raise NotFound("there is no such administrator")
    return shown


def reset_password(email: str, *, by: Actor = COMMAND_LINE) -> str:
    """Give an administrator a one-time password, end all sessions, and return the password.

    Raises NotFound, and OwnAccount where `by` is the same person, who has to change the password instead.
    """
    made = one_time_password()
    password_hash = hash_password(made)

    def work(session: Session) -> int:
        administrator = _other(session, email, by)
        administrator.password_hash = password_hash
        administrator.must_change_password = True
        end_sessions(session, administrator.id, datetime.now(UTC))
        _note(session, by, Action.PASSWORD_RESET, administrator)
        return administrator.id

    log.info("password of administrator %s reset", transaction(work))
    return made


def change_role(email: str, role: str, *, by: Actor = COMMAND_LINE) -> None:
    """Give an administrator another role; raises InvalidInput, NotFound, OwnAccount and LastOwner."""
    if role not in list(Role):
        raise InvalidInput(FieldProblem("role", f"must be one of {', '.join(Role)}"))

    def work(session: Session) -> int:
        _lock_owners(session)
        administrator = _other(session, email, by)
        if administrator.role != role:
            old, administrator.role = administrator.role, Role(role).value
            told = {"before": {"role": old}, "after": {"role": role}}
            _note(session, by, Action.ROLE_CHANGED, administrator, **told)
            _keep_an_owner(session, old)
            if role not in mails.TOLD:
                mails.withdraw(session, administrator.canonical, datetime.now(UTC))
        return administrator.id

    log.info("administrator %s is %s", transaction(work), role)


def disable(email: str, *, by: Actor = COMMAND_LINE) -> None:
    """Block an administrator from signing in and end all sessions; raises NotFound, OwnAccount and LastOwner."""

    def work(session: Session) -> int:
        now = datetime.now(UTC)
        _lock_owners(session)
        administrator = _other(session, email, by)
        if administrator.disabled_at is None:
            administrator.disabled_at = now
            state = {"before": {"state": "active"}, "after": {"state": "disabled"}}
            _note(session, by, Action.ADMINISTRATOR_DISABLED, administrator, **state)
            _keep_an_owner(session, administrator.role)
            mails.withdraw(session, administrator.canonical, now)
        end_sessions(session, administrator.id, now)
        return administrator.id

    log.info("administrator %s disabled", transaction(work))


def enable(email: str, *, by: Actor = COMMAND_LINE) -> None:
    """Let a disabled administrator sign in again with the same password; raises NotFound."""

    def work(session: Session) -> int:
        administrator = _by_email(session, email)
        if administrator.disabled_at is not None:
            administrator.disabled_at = None
            state = {"before": {"state": "disabled"}, "after": {"state": "active"}}
            _note(session, by, Action.ADMINISTRATOR_ENABLED, administrator, **state)
        return administrator.id

    log.info("administrator %s enabled", transaction(work))


def end_sessions(session: Session, administrator_id: int, now: datetime, *, but: str | None = None) -> None:
    """End an administrator's sessions except `but`, and unfinished sign-ins, in the caller's transaction."""
    change(session, delete(SignInStep).where(SignInStep.administrator_id == administrator_id))
    session.execute(
        update(AdministratorSession)
        .where(AdministratorSession.administrator_id == administrator_id)
        .where(AdministratorSession.ended_at.is_(None), AdministratorSession.id != (but or ""))
        .values(ended_at=now)
        .execution_options(synchronize_session=False)
    )


def parse_email(text: str, *, field: str = "email") -> Destination:
    """Parse one e-mail address; raises InvalidDestination for `field`."""
    try:
        return typed.destination(Channel.EMAIL, text)
    except InvalidDestination as error:
        raise InvalidDestination(error.problems[0].message, field) from error


def _note(session: Session, by: Actor, action: Action, administrator: Administrator, **change: Any) -> None:
    trail.note(session, by, action, mask(administrator.email), subject_id=administrator.id, **change)


def _lock_owners(session: Session) -> None:
    """Lock all owners until the transaction ends, so that two who leave at once can't each count the other."""
    owners = update(Administrator).where(Administrator.role == Role.OWNER.value)
    change(session, owners.values(role=Role.OWNER.value))


def _keep_an_owner(session: Session, taken: str) -> None:
    """Raise LastOwner where the role just taken away leaves no owner who may sign in."""
    if taken != Role.OWNER:
        return
    session.flush()
    owners = select(Administrator.id).where(
        Administrator.role == Role.OWNER.value, Administrator.disabled_at.is_(None)
    )
    if session.scalar(owners.limit(1)) is None:
        raise LastOwner


def _other(session: Session, email: str, by: Actor) -> Administrator:
    found = _by_email(session, email)
    if found.id == by.id:
        raise OwnAccount
    return found


def _by_email(session: Session, email: str) -> Administrator:
    canonical = parse_email(email).canonical
    found = session.scalars(
        select(Administrator)
        .where(exactly(Administrator.canonical, canonical))
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound("no administrator has this e-mail address")
    return found

"""Set up an authenticator app: the console shows a secret, and a first code from the app puts it in force."""

import logging
from dataclasses import dataclass, field
from datetime import timedelta

from flask import current_app
from sqlalchemy.orm import Session

from domain import totp
from domain.actions import Action
from domain.codes import parse_guess
from domain.errors import FieldProblem, InvalidInput, NotFound
from domain.statuses import Lane
from exts import db
from models import Authenticator, clock
from services.account import second_factor_changes as changes
from services.account.accounts import living
from services.outbox.bell import Bell
from services.process.parts import part
from services.sign_in import authenticators
from services.sign_in.sessions import ConsoleSession
from services.storage.transactions import transaction

log = logging.getLogger(__name__)
LIFE = timedelta(minutes=30)
"""How long a secret waits for its first code."""


@dataclass(frozen=True, slots=True)
class Setup:
    """A secret that waits for its first code."""

    secret: str = field(repr=False)
    address: str = field(repr=False)
    """The `otpauth` URI for the QR code."""


def begin(session: ConsoleSession) -> None:
    """Make a new secret; an app that is in use stays so until the new one is confirmed. Raises PasswordNeeded."""
    changes.require_password(session)

    def work(database: Session) -> None:
        own = living(database, session).id
        row = database.get(Authenticator, own, populate_existing=True)
        if row is None:
            row = Authenticator(administrator_id=own, last_step=0)
            database.add(row)
        row.pending, row.pending_at = authenticators.sealed(totp.new_secret(), own), clock.now()

    transaction(work)


def pending(session: ConsoleSession) -> Setup | None:
    """Return the secret that waits for its first code; None where there is none, or it is too old."""
    found = _waiting(db.session(), session.administrator.id)
    db.session.rollback()
    if found is None:
        return None
    service = current_app.config["SERVICE_NAME"]
    return Setup(found, totp.address(found, account=session.administrator.email, service=service))


def confirm(session: ConsoleSession, code: str, *, client_ip: str | None) -> list[str]:
    """Put the waiting secret in force; return recovery codes where this is the first way of the second step.

    Raises PasswordNeeded, NotFound where none waits, MalformedCode, and InvalidInput where the code is not the app's.
    """
    changes.require_password(session)
    guess = parse_guess(code, length=totp.DIGITS)

    def work(database: Session) -> list[str]:
        administrator = living(database, session)
        secret = _waiting(database, administrator.id)
        if secret is None:
            raise NotFound("no authenticator app is being set up")
        step = totp.step_of(secret, guess, clock.now())
        if step is None:
            raise InvalidInput(FieldProblem("code", "is not what the app shows"))
        before = changes.names(database, administrator)
        row = database.get_one(Authenticator, administrator.id)
        row.sealed, row.last_step, row.added_at = row.pending, step, clock.now()
        row.pending = row.pending_at = None
        codes = changes.added(database, session, administrator, before, Action.AUTHENTICATOR_ADDED, client_ip)
        changes.tell(database, administrator, "app_added")
        return codes

    codes = transaction(work)
    part(Bell).ring(Lane.EMAIL)
    log.info("administrator %s added an authenticator app", session.administrator.id)
    return codes


def remove_app(session: ConsoleSession, *, client_ip: str | None) -> None:
    """Remove the app; raises PasswordNeeded, NotFound, and Conflict as `second_factor_changes.removed` does."""
    changes.require_password(session)

    def work(database: Session) -> None:
        administrator = living(database, session)
        row = database.get(Authenticator, administrator.id, populate_existing=True)
        if row is None or row.sealed is None:
            raise NotFound("there is no authenticator app")
        before = changes.names(database, administrator)
        database.delete(row)
        changes.removed(database, administrator, before, Action.AUTHENTICATOR_REMOVED, client_ip)
        changes.tell(database, administrator, "app_removed")

    transaction(work)
    part(Bell).ring(Lane.EMAIL)
    log.info("administrator %s removed the authenticator app", session.administrator.id)


def _waiting(database: Session, administrator_id: int) -> str | None:
    row = database.get(Authenticator, administrator_id, populate_existing=True)
    if row is None or row.pending is None or row.pending_at is None:
        return None
    if clock.now() - row.pending_at > LIFE:
        return None
    return authenticators.opened(row.pending, administrator_id)

"""An administrator's own account: change the e-mail address, bind a phone, change the password.

A new destination is accepted only after a code sent to it has been entered. The code is sent even where the address
belongs to another administrator, and only a person who enters it learns that, so the page leaks no addresses.
"""

import logging
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from flask import current_app
from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain import destinations
from domain.actions import Action
from domain.destinations import Destination, mask
from domain.errors import AlreadyYours, Conflict, NotAuthenticated, NotFound, PasswordNeeded, WeakPassword
from domain.keyring import Keyring
from domain.owners import Owner
from domain.passwords import check_password
from domain.statuses import Channel, Lane, VerificationStatus
from exts import db
from models import Administrator, AdministratorSession, Verification
from services import typed
from services.audit import trail
from services.audit.trail import Actor
from services.codes import checks, verifications
from services.codes.checks import CheckResult
from services.codes.verification_views import VerificationView
from services.codes.verifications import Request
from services.languages import locales
from services.limits import send_limits
from services.outbox import outbox
from services.outbox.administrator_mails import notice
from services.outbox.bell import Bell
from services.outbox.outbox import NewMessage
from services.people.administrators import end_sessions
from services.people.passwords import hash_password, is_password
from services.process.parts import part
from services.sign_in.sessions import ConsoleSession, needs_password
from services.storage.transactions import transaction

log = logging.getLogger(__name__)
SHOWN = timedelta(minutes=30)
"""How long the page still mentions a code that was sent and has expired."""
WORTH_A_RESEND = timedelta(seconds=60)
"""A code that expires sooner than this is not resent but replaced by a new one."""


class Change(StrEnum):
    """What a code can change; the value is the verification's purpose."""

    EMAIL = "change_email"
    PHONE = "bind_phone"

    @property
    def channel(self) -> Channel:
        """The channel that carries the code to the new destination."""
        return Channel.EMAIL if self is Change.EMAIL else Channel.SMS


def understood(change: Change, to: str) -> str:
    """Return what a typed destination is understood as, a number with its country; raises InvalidDestination."""
    destination = _parse(change.channel, to)
    send_limits.ensure_country(destination)
    return destinations.readable(destination)


def send_code(session: ConsoleSession, change: Change, to: str, *, client_ip: str | None) -> VerificationView:
    """Send a code to the new destination, or resend the pending code if the destination is the same.

    Raises PasswordNeeded, AlreadyYours, and what `verifications.issue` raises.
    """
    _require_password(session)
    destination = _parse(change.channel, to)
    if destination.canonical in (session.administrator.canonical, session.administrator.phone):
        raise AlreadyYours("is yours already")
    earlier = progress(session, change)
    if earlier and earlier.to == destination.to and _is_worth_a_resend(earlier):
        return verifications.resend(earlier.id, _owner(session))
    request = Request(change.channel, to, purpose=change, locale=_language(session), client_ip=client_ip)
    issued = verifications.issue(request, _owner(session))
    if earlier and earlier.status is VerificationStatus.PENDING:
        verifications.cancel(earlier.id, _owner(session))
    return issued


def progress(session: ConsoleSession, change: Change) -> VerificationView | None:
    """Return this session's newest verification for a change, unless it was approved or canceled.

    A locked or recently expired one is returned too, because the page must say what happened to the code.
    """
    owner, now = _owner(session), datetime.now(UTC)
    newest = db.session.scalar(
        select(Verification.id)
        .where(Verification.owner == owner.id, Verification.purpose == change.value)
        .where(Verification.created_at > now - SHOWN)
        .order_by(Verification.created_at.desc())
        .limit(1)
    )
    found = verifications.get(newest, owner) if newest else None
    db.session.rollback()
    over = (VerificationStatus.APPROVED, VerificationStatus.CANCELED)
    return None if found is None or found.status in over else found


def confirm(
    session: ConsoleSession, change: Change, code: str, *, client_ip: str | None = None
) -> CheckResult:
    """Check the code; with the right one make the change, tell the old e-mail address and end all other sessions.

    Raises PasswordNeeded, NotFound where no code was requested, Conflict where another administrator has the address,
    and what `checks.check` raises.
    """
    _require_password(session)
    pending = progress(session, change)
    if pending is None:
        raise NotFound("no code was requested")
    try:
        result = checks.check(
            pending.id,
            code,
            _owner(session),
            effect=lambda database: _make(database, session, change, pending.to, client_ip),
        )
    except (Conflict, IntegrityError) as error:
        verifications.cancel(pending.id, _owner(session))
        raise Conflict("another administrator has this e-mail address") from error
    if result.valid:
        part(Bell).ring(Lane.EMAIL)
        log.info("%s of administrator %s to %s", change, session.administrator.id, mask(pending.to))
    return result


def cancel(session: ConsoleSession, change: Change) -> None:
    """Cancel a change that waits for its code."""
    pending = progress(session, change)
    if pending is not None:
        verifications.cancel(pending.id, _owner(session))


def change_password(session: ConsoleSession, password: str, *, client_ip: str | None = None) -> None:
    """Set a new password and end all other sessions; raises PasswordNeeded and WeakPassword."""
    _require_password(session)
    names = [session.administrator.canonical, current_app.config["SERVICE_NAME"]]
    check_password(password, names=names)
    password_hash = hash_password(password)

    def work(database: Session) -> None:
        administrator = living(database, session)
        if is_password(administrator.password_hash, password):
            raise WeakPassword("unchanged", "is your current password")
        administrator.password_hash = password_hash
        administrator.must_change_password = False
        end_sessions(database, administrator.id, datetime.now(UTC), but=session.id)
        note(database, administrator, Action.PASSWORD_CHANGED, client_ip)

    transaction(work)
    log.info("administrator %s changed the password", session.administrator.id)


def _make(database: Session, session: ConsoleSession, change: Change, to: str, ip: str | None) -> None:
    """Apply a confirmed change in the transaction that accepts its code."""
    now = datetime.now(UTC)
    administrator = living(database, session)
    destination = _parse(change.channel, to)
    told_by_mail = _notice(session, change, administrator.email, destination, now)
    if change is Change.PHONE:
        told = _masked(administrator.phone, destination.canonical)
        note(database, administrator, Action.PHONE_BOUND, ip, **told)
        administrator.phone = destination.canonical
    else:
        taken = exists().where(Administrator.canonical == destination.canonical)
        if database.scalar(select(taken)):
            raise Conflict("another administrator has this e-mail address")
        told = _masked(administrator.email, destination.to)
        note(database, administrator, Action.EMAIL_CHANGED, ip, **told)
        administrator.email, administrator.canonical = destination.to, destination.canonical
    end_sessions(database, administrator.id, now, but=session.id)
    outbox.put(database, part(Keyring), [told_by_mail], now)


def note(
    database: Session, administrator: Administrator, action: Action, ip: str | None, **change: dict[str, Any]
) -> None:
    """Record in the audit trail that an administrator changed their own account."""
    by = Actor(administrator.id, administrator.email, ip)
    trail.note(database, by, action, mask(administrator.email), subject_id=administrator.id, **change)


def _masked(old: str | None, new: str) -> dict[str, dict[str, Any]]:
    return {"before": {"destination": old and mask(old)}, "after": {"destination": mask(new)}}


def _notice(
    session: ConsoleSession, change: Change, old_email: str, new: Destination, now: datetime
) -> NewMessage:
    template = "email_changed" if change is Change.EMAIL else "phone_changed"
    owner, locale, zone = _owner(session).id, _language(session), session.administrator.zone
    return notice(template, old_email, now, owner=owner, locale=locale, zone=zone, new=mask(new.to))


def _language(session: ConsoleSession) -> str:
    """Return the language for mails to an administrator: the chosen one, else that of the page."""
    return session.administrator.locale or locales.of_request()


def living(database: Session, session: ConsoleSession) -> Administrator:
    """Return the administrator; raises NotAuthenticated where the session has ended since the request began."""
    found = database.get(AdministratorSession, session.id, populate_existing=True)
    if found is None or found.ended_at is not None or found.administrator.disabled_at is not None:
        raise NotAuthenticated("the session has ended")
    return found.administrator


def _require_password(session: ConsoleSession) -> None:
    if needs_password(session):
        raise PasswordNeeded("the password was proven too long ago")


def _is_worth_a_resend(view: VerificationView) -> bool:
    return view.status is VerificationStatus.PENDING and view.expires_at - datetime.now(UTC) > WORTH_A_RESEND


def _parse(channel: Channel, to: str) -> Destination:
    return typed.destination(channel, to)


def _owner(session: ConsoleSession) -> Owner:
    return Owner(f"session:{session.id}")

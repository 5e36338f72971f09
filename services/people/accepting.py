"""Accept an invitation: get a code sent, enter it, choose a password, and become an administrator.

The link alone is not enough: it may have been forwarded or logged. The code proves that the mailbox is theirs.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flask import current_app
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain import destinations
from domain.actions import Action
from domain.destinations import mask
from domain.errors import Conflict, NotFound
from domain.owners import Owner
from domain.passwords import check_password
from domain.roles import Role
from domain.statuses import Channel, VerificationStatus
from exts import db
from models import Administrator, Verification
from services.audit import trail
from services.audit.trail import Actor
from services.codes import checks, verifications
from services.codes.checks import CheckResult
from services.codes.verification_views import VerificationView
from services.codes.verifications import Request
from services.languages import locales
from services.people import invitations
from services.people.passwords import hash_password

log = logging.getLogger(__name__)
PURPOSE = "invite"


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody with a valid link, and the newest code that was sent for it."""

    id: str
    email: str = field(repr=False)
    role: Role
    expires_at: datetime
    sent: VerificationView | None


def look(token: str) -> Guest:
    """Return who is invited by a link; raises NotFound where it is used, withdrawn, expired or unknown."""
    row = invitations.open_one(db.session(), token)
    newest = db.session.scalar(
        select(Verification.id)
        .where(Verification.owner == _owner(row.id).id, Verification.purpose == PURPOSE)
        .where(Verification.used_at.is_(None), Verification.expires_at > datetime.now(UTC))
        .order_by(Verification.created_at.desc())
        .limit(1)
    )
    sent = verifications.get(newest, _owner(row.id)) if newest else None
    guest = Guest(row.id, row.email, Role(row.role), row.expires_at, sent)
    db.session.rollback()
    return guest


def send_code(token: str, *, client_ip: str | None) -> None:
    """Send a code to the mailbox, or resend the pending one; raises NotFound and what `verifications.issue` raises."""
    guest = look(token)
    if guest.sent and guest.sent.status is VerificationStatus.PENDING:
        verifications.resend(guest.sent.id, _owner(guest.id))
        return
    locale = locales.of_request()
    request = Request(Channel.EMAIL, guest.email, purpose=PURPOSE, locale=locale, client_ip=client_ip)
    verifications.issue(request, _owner(guest.id))


def accept(
    token: str,
    code: str,
    password: str,
    *,
    client_ip: str | None,
    on_join: Callable[[Session, Administrator], None] = lambda _session, _administrator: None,
) -> CheckResult:
    """Check the code; with the right one make the administrator in the same transaction.

    `on_join` runs in that transaction. The password is checked first, so that a weak one costs no attempt. Raises
    NotFound, WeakPassword, Conflict where an administrator has the address by now, and what `checks.check` raises.
    """
    guest = look(token)
    names = [destinations.canonical(guest.email), current_app.config["SERVICE_NAME"]]
    check_password(password, names=names)
    if guest.sent is None:
        raise NotFound("no code was sent")
    password_hash = hash_password(password)

    def effect(session: Session) -> None:
        on_join(session, _join(session, token, password_hash, client_ip))

    try:
        return checks.check(guest.sent.id, code, _owner(guest.id), effect=effect)
    except IntegrityError as error:
        raise Conflict("an administrator has this e-mail address") from error


def _join(session: Session, token: str, password_hash: str, ip: str | None) -> Administrator:
    row, now = invitations.open_one(session, token), datetime.now(UTC)
    row.accepted_at = now
    administrator = Administrator(
        email=row.email,
        canonical=row.canonical,
        role=row.role,
        password_hash=password_hash,
        must_change_password=False,
        locale=locales.chosen(),
        created_at=now,
    )
    session.add(administrator)
    session.flush()
    by = Actor(administrator.id, administrator.email, ip)
    subject, told = mask(row.email), {"role": row.role}
    trail.note(session, by, Action.INVITATION_ACCEPTED, subject, subject_id=administrator.id, after=told)
    log.info("administrator %s accepted invitation %s as %s", administrator.id, row.id, row.role)
    return administrator


def _owner(invitation_id: str) -> Owner:
    return Owner(f"invitation:{invitation_id}")

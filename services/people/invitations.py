"""Invite somebody by e-mail with a link; resend with a new link, or withdraw."""

import hashlib
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from domain.actions import Action
from domain.codes import new_id
from domain.destinations import mask
from domain.errors import AlreadyInvited, Conflict, FieldProblem, InvalidInput, NotFound
from domain.keyring import Keyring
from domain.roles import Role
from domain.statuses import Channel, Lane, Priority
from exts import db
from models import Administrator, Invitation
from services import typed
from services.audit import trail
from services.audit.trail import Actor
from services.languages import locales
from services.outbox import outbox
from services.outbox.bell import Bell
from services.outbox.outbox import NewMessage
from services.people.administrators import parse_email
from services.process.parts import part
from services.storage.transactions import transaction
from services.templating import published

log = logging.getLogger(__name__)
LIFE = timedelta(hours=72)
TOKEN_BYTES = 32
TEMPLATE = "invitation"
LinkOf = Callable[[str], str]
"""Builds the URL of the page for a token."""


@dataclass(frozen=True, slots=True)
class InvitationView:
    """An invitation without its token."""

    id: str
    email: str = field(repr=False)
    role: Role
    created_at: datetime
    expires_at: datetime

    @property
    def is_expired(self) -> bool:
        """Tell whether its link has expired."""
        return self.expires_at <= datetime.now(UTC)


def invite(email: str, role: str, *, link_of: LinkOf, by: Actor) -> InvitationView:
    """Send somebody a mail with a link; raises InvalidInput, Conflict, and AlreadyInvited."""
    destination = parse_email(email)
    if role not in list(Role):
        raise InvalidInput(FieldProblem("role", f"must be one of {', '.join(Role)}"))

    def work(session: Session) -> InvitationView:
        if session.scalar(select(exists().where(Administrator.canonical == destination.canonical))):
            raise Conflict("an administrator has this e-mail address")
        same = exists().where(Invitation.canonical == destination.canonical, *_waits())
        if session.scalar(select(same)):
            raise AlreadyInvited("this e-mail address has an open invitation already")
        now = datetime.now(UTC)
        row = Invitation(
            id=new_id(),
            token_hash="",
            email=destination.to,
            canonical=destination.canonical,
            role=Role(role).value,
            invited_by=by.id,
            created_at=now,
            expires_at=now,
        )
        session.add(row)
        _send(session, row, link_of, by, now)
        _note(session, by, Action.INVITED, row, after={"role": row.role})
        return view(row)

    return _ring(transaction(work))


def resend(invitation_id: str, *, link_of: LinkOf, by: Actor) -> InvitationView:
    """Send a new link with a full lifetime; the old link stops working. Raises NotFound."""

    def work(session: Session) -> InvitationView:
        row = _waiting(session, invitation_id)
        _send(session, row, link_of, by, datetime.now(UTC))
        _note(session, by, Action.INVITATION_RESENT, row)
        return view(row)

    return _ring(transaction(work))


def withdraw(invitation_id: str, *, by: Actor) -> InvitationView:
    """Withdraw an invitation: its link stops working. Raises NotFound."""

    def work(session: Session) -> InvitationView:
        row = _waiting(session, invitation_id)
        row.withdrawn_at = datetime.now(UTC)
        _note(session, by, Action.INVITATION_WITHDRAWN, row, before={"role": row.role})
        return view(row)

    return transaction(work)


def waiting() -> list[InvitationView]:
    """Return the open invitations, newest first; expired ones are included, because they can be resent."""
    rows = db.session.scalars(select(Invitation).where(*_waits()).order_by(Invitation.created_at.desc()))
    found = [view(row) for row in rows]
    db.session.rollback()
    return found


def open_one(session: Session, token: str) -> Invitation:
    """Return the invitation of a valid link, locked; raises NotFound."""
    row = session.scalars(
        select(Invitation)
        .where(Invitation.token_hash == _hash(token), Invitation.expires_at > datetime.now(UTC), *_waits())
        .execution_options(populate_existing=True)
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound("there is no such invitation")
    return row


def view(row: Invitation) -> InvitationView:
    """Return what may leave the services."""
    return InvitationView(row.id, row.email, Role(row.role), row.created_at, row.expires_at)


def _send(session: Session, row: Invitation, link_of: LinkOf, by: Actor, now: datetime) -> None:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row.token_hash, row.expires_at = _hash(token), now + LIFE
    text = published.choose_own(TEMPLATE, Channel.EMAIL, locales.of_request())
    message = NewMessage(
        owner=f"invitation:{row.id}",
        destination=typed.kept(Channel.EMAIL, row.email),
        template=TEMPLATE,
        template_version=text.version_id,
        locale=text.locale,
        params={
            "link": link_of(token),
            "inviter": by.name,
            "until": locales.moment(row.expires_at, None, text.locale),
            "service": current_app.config["SERVICE_NAME"],
        },
        priority=Priority.SINGLE,
        deadline_at=row.expires_at,
    )
    outbox.put(session, part(Keyring), [message], now)


def _ring(sent: InvitationView) -> InvitationView:
    part(Bell).ring(Lane.EMAIL)
    log.info("invitation %s to %s is queued", sent.id, mask(sent.email))
    return sent


def _waiting(session: Session, invitation_id: str) -> Invitation:
    row = session.get(Invitation, invitation_id, with_for_update=True, populate_existing=True)
    if row is None or row.accepted_at or row.withdrawn_at:
        raise NotFound("there is no such invitation")
    return row


def _waits() -> tuple[Any, ...]:
    return Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None)


def _note(session: Session, by: Actor, action: Action, row: Invitation, **told: Any) -> None:
    trail.note(session, by, action, mask(row.email), subject_id=row.id, **told)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

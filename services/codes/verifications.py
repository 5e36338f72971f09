"""Issue, resend and cancel verifications."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, select, update
from sqlalchemy.orm import Session

from domain import codes, destinations
from domain.actions import Action
from domain.errors import Conflict, NotAgain, NotFound
from domain.keyring import Keyring
from domain.owners import Owner
from domain.purposes import check_locale, check_metadata, check_purpose
from domain.refusals import Refusal
from domain.statuses import Channel, Lane, MessageStatus, VerificationStatus
from exts import db
from models import Message, Verification, clock
from services import profiles, typed
from services.audit import trail
from services.audit.trail import Actor
from services.codes import issuing, telling
from services.codes.issuing import (
    TEMPLATE,
    Challenge,
    Issue,
    challenge_of,
    expires_at,
    new_code,
    new_message,
    resend_at,
)
from services.codes.verification_views import VerificationView, first_view, view
from services.limits import send_limits
from services.outbox import outbox
from services.outbox.bell import Bell
from services.process.parts import part
from services.storage.transactions import change, grouped, transaction
from services.templating import code_segments, published

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """What a caller asks for; nothing is validated yet."""

    channel: Channel
    to: str = field(repr=False)
    purpose: str = "default"
    locale: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    client_ip: str | None = None
    code: str | None = field(default=None, repr=False)
    """The caller's own: 4 to 10 digits or capital letters; whether it may have one is for the door to say."""
    has_cooldown: bool = True
    """False for the first code of a next step: the cool-down is meant for repeated clicks."""


def issue(request: Request, owner: Owner) -> VerificationView:
    """Create a code and queue its message; return at once.

    Raises InvalidInput, InvalidDestination, CountryNotAllowed and LimitExceeded.
    """
    purpose = check_purpose(request.purpose)
    profile = profiles.of(owner)
    locale = check_locale(request.locale) if request.locale else profile.locale
    code = new_code(owner, profile.code_length) if request.code is None else codes.check_own(request.code)
    text = published.choose_own(TEMPLATE, request.channel, locale, purpose)
    challenge = Challenge(
        owner=owner,
        destination=typed.destination(request.channel, request.to),
        purpose=purpose,
        locale=text.locale,
        metadata=check_metadata(request.metadata),
        template_version=text.version_id,
        profile=profile,
        segments=code_segments.of_code(text, profile, len(code)) if request.channel is Channel.SMS else 1,
    )

    def work(connection: Connection) -> Issue:
        now = clock.now()
        send_limits.take(
            connection,
            challenge.destination,
            now,
            owner=owner,
            client_ip=request.client_ip,
            segments=challenge.segments,
            has_cooldown=request.has_cooldown,
        )
        message = new_message(challenge, code, now, code_ends_at=expires_at(now, profile))
        return Issue(challenge, code, message, now)

    return _on_its_way(first_view(grouped(work, telling.put)))


def _sent(session: Session, verification: Verification) -> Message:
    """Return the message that carried the code last; raises NotAgain where it was purged."""
    found = session.get(Message, verification.message_id)
    if found is None:
        raise NotAgain(Refusal.GONE, "the message with the code is no longer kept")
    return found


def _on_its_way(view: VerificationView) -> VerificationView:
    part(Bell).ring(Lane(view.channel))
    log.info("verification %s to %s is on its way", view.id, destinations.mask(view.to))
    return view


def get(verification_id: str, owner: Owner) -> VerificationView:
    """Return a verification of this owner; raises NotFound."""
    return view(_owned(db.session(), verification_id, owner), None, clock.now())


def newest_pending(owner: Owner, *, to: str, purpose: str, channel: Channel | None) -> str:
    """Return the id of the owner's newest pending verification of a destination; raises NotFound."""
    now = clock.now()
    parsed = typed.sought(to, channel)
    found = db.session.scalars(
        select(Verification)
        .where(
            Verification.owner == owner.id,
            Verification.canonical == parsed.canonical,
            Verification.purpose == check_purpose(purpose),
            Verification.expires_at > now,
            Verification.used_at.is_(None),
            Verification.canceled_at.is_(None),
        )
        .order_by(Verification.created_at.desc())
        .limit(1)
    ).one_or_none()
    if found is None:
        raise NotFound("no pending verification of this destination and purpose")
    return found.id


def resend(
    verification_id: str,
    owner: Owner,
    *,
    by: Actor | None = None,
    user_ip: str | None = None,
    has_cooldown: bool = True,
) -> VerificationView:
    """Send the same code again; it expires when it did before, and used attempts stay used.

    `user_ip`: the end user's address, where the caller tells it. `has_cooldown`: False for programs that know none, as
    those written for Twilio; every other limit holds.

    Raises NotFound, Conflict where the verification has ended, and LimitExceeded.
    """

    def work(session: Session) -> VerificationView:
        now = clock.now()
        verification = _owned(session, verification_id, owner)
        status = verification.status(now)
        if status is not VerificationStatus.PENDING:
            raise NotAgain(Refusal.ENDED, f"the verification is {status}")
        challenge = challenge_of(verification, _sent(session, verification))
        send_limits.take(
            session,
            challenge.destination,
            now,
            owner=challenge.owner,
            client_ip=user_ip,
            segments=challenge.segments,
            has_cooldown=has_cooldown,
        )
        outbox.cancel(session, verification.message_id, now)
        ends_at = verification.expires_at
        message = new_message(challenge, issuing.open_code(verification), now, code_ends_at=ends_at)
        outbox.put(session, part(Keyring), [message], now)
        outbox.mark_resent(session, verification.message_id, message.id)
        verification.message_id, verification.resend_at = message.id, resend_at(now)
        _note(session, by, Action.VERIFICATION_RESENT, verification)
        return view(verification, MessageStatus.QUEUED, now)

    return _on_its_way(transaction(work))


def cancel(verification_id: str, owner: Owner, *, by: Actor | None = None) -> VerificationView:
    """Cancel a pending verification, and its message if no worker has claimed it yet.

    Raises NotFound, and Conflict where the verification is approved; any other ended one stays as it is.
    """

    def work(session: Session) -> Verification:
        now = clock.now()
        ended = change(
            session,
            update(Verification)
            .where(Verification.id == verification_id, Verification.owner == owner.id)
            .where(Verification.used_at.is_(None), Verification.canceled_at.is_(None))
            .where(Verification.expires_at > now)
            .values(canceled_at=now, sealed_code=None),
        )
        verification = _owned(session, verification_id, owner)
        if verification.used_at is not None:
            raise Conflict("the verification is approved")
        if ended:
            outbox.cancel(session, verification.message_id, now)
            _note(session, by, Action.VERIFICATION_CANCELED, verification)
            telling.canceled(session, [verification_id], now)
        return verification

    return view(transaction(work), None, clock.now())


def _note(session: Session, by: Actor | None, action: Action, row: Verification) -> None:
    """Write to the audit trail where an administrator did it; calls by programs are not audited."""
    if by is not None:
        trail.note(session, by, action, destinations.mask(row.to), subject_id=row.id)


def _owned(session: Session, verification_id: str, owner: Owner) -> Verification:
    found = session.get(Verification, verification_id, populate_existing=True)
    if found is None or found.owner != owner.id:
        raise NotFound("no such verification")
    return found

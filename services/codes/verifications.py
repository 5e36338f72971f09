"""Issue, resend and cancel verifications."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, update
from sqlalchemy.orm import Session

from domain import codes, destinations, networks
from domain.actions import Action
from domain.errors import Conflict, NotAgain, NotFound
from domain.fallback import GivenStep
from domain.keyring import Keyring
from domain.owners import Owner
from domain.purposes import check_locale, check_metadata, check_purpose
from domain.refusals import Refusal
from domain.statuses import Channel, Lane, MessageStatus, VerificationStatus
from exts import db
from models import Message, Verification, VerificationStep, clock
from services import profiles, typed
from services.audit import trail
from services.audit.trail import Actor
from services.codes import fallback, issuing, telling
from services.codes.fallback import steps_of
from services.codes.issuing import (
    Challenge,
    Issue,
    challenge_of,
    expires_at,
    new_code,
    new_message,
    resend_at,
    text_of,
)
from services.codes.verification_views import VerificationView, first_view, view
from services.limits import send_limits
from services.outbox import outbox
from services.outbox.bell import Bell
from services.process.parts import part
from services.storage.transactions import change, grouped, transaction
from services.test_numbers import fixed_codes

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
    fallback: Sequence[GivenStep] = ()
    """Where else the code goes if it does not arrive."""


def issue(request: Request, owner: Owner) -> VerificationView:
    """Create a code and queue its message; return at once.

    A test number gets its fixed code, whatever code the caller brings, and uses up the limits of a test key.

    Raises InvalidInput, InvalidDestination, CountryNotAllowed and LimitExceeded.
    """
    purpose = check_purpose(request.purpose)
    profile = profiles.of(owner)
    locale = check_locale(request.locale) if request.locale else profile.locale
    code = new_code(owner, profile.code_length) if request.code is None else codes.check_own(request.code)
    destination = typed.destination(request.channel, request.to)
    steps = steps_of(request.fallback, destination, purpose)
    fixed = fixed_codes.of(owner, destination)
    if fixed is not None:
        owner, profile, code = replace(owner, is_test=True), fixed.limited(profile), fixed.open()
    text, segments = text_of(request.channel, locale, purpose, profile, len(code))
    challenge = Challenge(
        owner=owner,
        destination=destination,
        purpose=purpose,
        locale=text.locale,
        metadata=check_metadata(request.metadata),
        template_version=text.version_id,
        profile=profile,
        segments=segments,
        is_to_test_number=fixed is not None,
        client_ip=networks.address(request.client_ip),
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
        return Issue(challenge, code, message, now, steps)

    return _on_its_way(first_view(grouped(work, telling.put)))


def _own_message(session: Session, verification: Verification) -> str:
    """Return the id of the newest message to the verification's own destination, not to one of its fallback."""
    if not verification.has_fallback:
        return verification.message_id
    step = session.get(VerificationStep, (verification.id, 0), populate_existing=True)
    return step.message_id if step and step.message_id else verification.message_id


def _sent(session: Session, verification: Verification) -> Message:
    """Return the message that carried the code last to its own destination; raises NotAgain where it was purged."""
    found = session.get(Message, _own_message(session, verification))
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


def resend(
    verification_id: str,
    owner: Owner,
    *,
    by: Actor | None = None,
    user_ip: str | None = None,
    has_cooldown: bool = True,
) -> VerificationView:
    """Send the same code to the same destination again; it expires when it did before, and used attempts stay used.

    A step of its fallback neither waits longer for that nor comes sooner.

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
        sent = _sent(session, verification)
        challenge = challenge_of(verification, sent)
        send_limits.take(
            session,
            challenge.destination,
            now,
            owner=challenge.owner,
            client_ip=user_ip,
            segments=challenge.segments,
            has_cooldown=has_cooldown,
        )
        outbox.cancel(session, sent.id, now)
        ends_at = verification.expires_at
        message = new_message(challenge, issuing.open_code(verification), now, code_ends_at=ends_at)
        outbox.put(session, part(Keyring), [message], now)
        outbox.mark_resent(session, sent.id, message.id)
        if verification.has_fallback:
            fallback.note_resent(session, verification_id, message.id)
        verification.message_id, verification.resend_at = message.id, resend_at(now)
        _note(session, by, Action.VERIFICATION_RESENT, verification)
        return view(verification, MessageStatus.QUEUED, now)

    return _on_its_way(transaction(work))


def cancel(verification_id: str, owner: Owner, *, by: Actor | None = None) -> VerificationView:
    """Cancel a pending verification, and its messages that no worker has claimed yet.

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
            outbox.cancel_of(session, [verification_id], now)
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

"""Take the next step of a verification: the same code, its attempts and its expiry, another way."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from domain import destinations
from domain.actions import Action
from domain.errors import LimitExceeded, NoNextChannel, NotAgain, NotFound, SendcodeError
from domain.keyring import Keyring
from domain.owners import Owner
from domain.refusals import Refusal
from domain.statuses import Lane, MessageStatus, VerificationStatus
from models import Message, Verification, VerificationStep, clock
from services import profiles, typed
from services.audit import trail
from services.audit.trail import Actor
from services.codes.issuing import Challenge, new_message, open_code, resend_at, text_of
from services.codes.verification_views import VerificationView, view
from services.limits import send_limits
from services.outbox import outbox
from services.outbox.bell import Bell
from services.process.parts import part
from services.storage.transactions import LostRace, change, transaction
from services.test_numbers import fixed_codes

log = logging.getLogger(__name__)
Steps = Sequence[VerificationStep]


def next_channel(verification_id: str, owner: Owner, *, by: Actor | None = None) -> VerificationView:
    """Take the next step now, whatever became of the one before; every limit of its destination holds.

    `by`: the administrator who does it, for the audit trail; calls by programs are not audited.

    Raises NotFound, NotAgain where the verification has ended, NoNextChannel, CountryNotAllowed and LimitExceeded.
    """

    def work(session: Session) -> tuple[str, VerificationView]:
        now = clock.now()
        verification, waiting = _locked(session, verification_id)
        if verification is None or verification.owner != owner.id:
            raise NotFound("no such verification")
        status = verification.status(now)
        if status is not VerificationStatus.PENDING:
            raise NotAgain(Refusal.ENDED, f"the verification is {status}")
        if not waiting:
            raise NoNextChannel
        _take(session, verification, waiting, now, has_cooldown=True)
        if by is not None:
            to, told = destinations.mask(verification.to), {"channel": waiting[0].channel}
            trail.note(
                session, by, Action.VERIFICATION_NEXT_CHANNEL, to, subject_id=verification_id, after=told
            )
        return waiting[0].channel, view(verification, MessageStatus.QUEUED, now)

    channel, found = transaction(work)
    _ring(channel, verification_id)
    return found


def follow(verification_id: str) -> None:
    """Take the step of a verification that is due, if it is needed; one that its limits refuse is skipped.

    Any number of workers may do this at the same time: a step is taken once.
    """
    channel = transaction(lambda session: _take_due(session, verification_id))
    if channel is not None:
        _ring(channel, verification_id)


def _ring(channel: str, verification_id: str) -> None:
    part(Bell).ring(Lane(channel))
    log.info("verification %s takes its next step, by %s", verification_id, channel)


def _locked(
    session: Session, verification_id: str, *, waits: bool = True
) -> tuple[Verification | None, Steps]:
    """Return a verification and its waiting steps, which nobody else takes until the transaction ends.

    `waits`: False where a verification that another worker holds may be left to it. SQLite locks no rows; there a
    later statement finds out who was faster.
    """
    lock: Any = True if waits else {"skip_locked": True}
    verification = session.get(Verification, verification_id, populate_existing=True, with_for_update=lock)
    waiting = (
        select(VerificationStep)
        .where(VerificationStep.verification_id == verification_id, VerificationStep.at.is_(None))
        .order_by(VerificationStep.number)
    )
    return verification, session.scalars(waiting, execution_options={"populate_existing": True}).all()


def _take_due(session: Session, verification_id: str) -> str | None:
    """Return the channel of the step that was taken, None where none is due or needed."""
    now = clock.now()
    verification, waiting = _locked(session, verification_id, waits=False)
    due_at = waiting[0].due_at if waiting else None
    if verification is None or due_at is None or due_at > now:
        return None
    if verification.status(now) is not VerificationStatus.PENDING or _has_arrived(session, verification_id):
        _set_due(session, waiting[0], None)
        return None
    for number, step in enumerate(waiting):
        try:
            _take(session, verification, waiting[number:], now, has_cooldown=False)
        except SendcodeError as error:
            _mark(session, step, at=now, reason=_reason(error))
            log.info("verification %s skips a step by %s: %s", verification_id, step.channel, error.code)
        else:
            return step.channel
    return None


def _has_arrived(session: Session, verification_id: str) -> bool:
    """Tell whether a carrier has reported any message with the code as delivered."""
    delivered = (Message.verification_id == verification_id, Message.status == MessageStatus.DELIVERED.value)
    return session.scalar(select(Message.id).where(*delivered).limit(1)) is not None


def _reason(error: SendcodeError) -> str:
    return error.limit if isinstance(error, LimitExceeded) else error.code


def _take(
    session: Session, verification: Verification, waiting: Steps, now: datetime, *, has_cooldown: bool
) -> None:
    """Send the code by the first of these steps, and time the second; raises LostRace.

    What the limits raise leaves nothing written but what they count themselves. A message that waits for the same
    destination gives way to the new one; one to another destination is still tried, as either may arrive.
    """
    step = waiting[0]
    challenge = _challenge(verification, step)
    code = open_code(verification)
    send_limits.take(
        session,
        challenge.destination,
        now,
        owner=challenge.owner,
        client_ip=None,
        segments=challenge.segments,
        has_cooldown=has_cooldown,
    )
    outbox.cancel_of(session, [verification.id], now, canonical=step.canonical)
    message = new_message(challenge, code, now, code_ends_at=verification.expires_at)
    _mark(session, step, at=now, message_id=message.id)
    outbox.put(session, part(Keyring), [message], now)
    _carried_by(session, verification, message.id, step, now)
    if len(waiting) > 1:
        _set_due(session, waiting[1], now + timedelta(seconds=waiting[1].after_seconds or 0))
    session.expire(verification)


def _challenge(verification: Verification, step: VerificationStep) -> Challenge:
    owner = Owner(verification.owner, verification.is_test)
    profile = profiles.of(owner)
    destination = typed.kept(step.channel, step.to)
    fixed = fixed_codes.of(owner, destination)
    length = verification.code_length or profile.code_length
    text, segments = text_of(destination.channel, verification.locale, verification.purpose, profile, length)
    return Challenge(
        owner=owner if fixed is None else replace(owner, is_test=True),
        destination=destination,
        is_to_test_number=fixed is not None,
        purpose=verification.purpose,
        locale=text.locale,
        metadata=verification.details,
        template_version=text.version_id,
        profile=profile,
        segments=segments,
        id=verification.id,
    )


def _mark(session: Session, step: VerificationStep, **values: Any) -> None:
    """Take or skip a step for good; raises LostRace where somebody else did."""
    untaken = (_is(step), VerificationStep.at.is_(None))
    if change(session, update(VerificationStep).where(*untaken).values(due_at=None, **values)) != 1:
        raise LostRace


def _set_due(session: Session, step: VerificationStep, due_at: datetime | None) -> None:
    change(session, update(VerificationStep).where(_is(step)).values(due_at=due_at))


def _is(step: VerificationStep) -> ColumnElement[bool]:
    return and_(
        VerificationStep.verification_id == step.verification_id, VerificationStep.number == step.number
    )


def _carried_by(
    session: Session, verification: Verification, message_id: str, step: VerificationStep, now: datetime
) -> None:
    """Note the newest message of a verification; raises LostRace where it has ended meanwhile."""
    values: dict[str, Any] = {"message_id": message_id}
    if step.canonical == verification.canonical:
        values["resend_at"] = resend_at(now)
    pending = (
        Verification.id == verification.id,
        Verification.used_at.is_(None),
        Verification.canceled_at.is_(None),
        Verification.expires_at > now,
        or_(Verification.max_attempts == 0, Verification.attempts < Verification.max_attempts),
    )
    if change(session, update(Verification).where(*pending).values(**values)) != 1:
        raise LostRace

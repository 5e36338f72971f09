"""Check a code: every guess is counted here before it is compared."""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import ColumnElement, case, func, or_, select, update
from sqlalchemy.orm import Session

from domain import codes
from domain.errors import Conflict, DestinationLocked, NotFound, VerificationLocked
from domain.keyring import Keyring, Unreadable
from domain.owners import Owner
from domain.statuses import VerificationStatus
from exts import db
from models import Verification, clock
from services.codes import telling
from services.limits import counters
from services.outbox import outbox
from services.process.parts import part
from services.storage.transactions import change, transaction

log = logging.getLogger(__name__)
Effect = Callable[[Session], None]
MOST_TIMES = 20
"""Attempts whose times are kept: they fit into the column, and more are allowed only where nobody limits them."""
LATEST = 9_999_999
"""Milliseconds; a code lives for ten minutes at most."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The outcome of a guess."""

    id: str
    status: VerificationStatus
    valid: bool
    attempts_left: int | None


def check(verification_id: str, guess: str, owner: Owner, *, effect: Effect | None = None) -> CheckResult:
    """Compare a guess with the code; the first right guess wins, and `effect` is committed together with it.

    The attempt and the destination's failure are counted and committed before the comparison, so that parallel guesses
    can't share an attempt and a rollback can't give one back. A check of an ended verification is simply not valid.

    Raises MalformedCode (costs nothing), NotFound, VerificationLocked and DestinationLocked.
    """
    verification = _owned(verification_id, owner)
    length = verification.code_length or current_app.config["CODE_LENGTH"]
    parsed = codes.parse_guess(guess, length=length, has_letters=verification.has_letters)
    reserved_at = _reserve(verification)
    if reserved_at is None:
        return _unchanged(verification_id)
    if not _matches(verification, parsed):
        log.info("wrong code for verification %s", verification_id)
        telling.locked_for_good(verification_id)
        return _result(verification_id, valid=False)
    won = _approve(verification, effect)
    windows = counters.failure_windows(current_app.config)
    counters.take_back(_failures_key(verification), windows, reserved_at)
    log.info("right code for verification %s, %s", verification_id, "approved" if won else "too late")
    return _result(verification_id, valid=won)


def approve_unchecked(verification_id: str, owner: Owner) -> None:
    """Approve a pending verification without its code, because the caller has other proof; its message is taken back.

    Raises NotFound, and Conflict where it has ended or no attempts are left.
    """
    _owned(verification_id, owner)

    def work(session: Session) -> None:
        now = clock.now()
        row = session.get(Verification, verification_id, populate_existing=True)
        pending = row is not None and row.status(now) is VerificationStatus.PENDING
        if row is None or not pending or not _use(session, verification_id):
            raise Conflict("the verification is not pending")
        outbox.cancel_of(session, [verification_id], now)

    transaction(work)
    log.info("verification %s was approved without its code", verification_id)


def _owned(verification_id: str, owner: Owner) -> Verification:
    found = db.session.get(Verification, verification_id, populate_existing=True)
    db.session.rollback()
    if found is None or found.owner != owner.id:
        raise NotFound("no such verification")
    return found


def _failures_key(verification: Verification) -> str:
    owner = Owner(verification.owner, verification.is_test)
    return counters.failures_key(owner, verification.channel, verification.canonical, verification.purpose)


def _reserve(verification: Verification) -> datetime | None:
    """Count one attempt and, in advance, one failure of the destination; return the time, None for an ended one."""
    windows = counters.failure_windows(current_app.config)

    def work(session: Session) -> datetime | None:
        now = clock.now()
        counted = counters.look(session, _failures_key(verification), windows)
        taken = change(
            session,
            update(Verification)
            .where(Verification.id == verification.id)
            .where(Verification.used_at.is_(None), Verification.canceled_at.is_(None))
            .where(Verification.expires_at > now)
            .where(or_(Verification.max_attempts == 0, Verification.attempts < Verification.max_attempts))
            .values(attempts=Verification.attempts + 1, attempt_times=_with_time(verification, now)),
        )
        if not taken:
            return None
        counters.ensure_room(counted, now, DestinationLocked)
        counters.count(session, counted, now)
        telling.maybe_locked(session, verification.id, now)
        return now

    return transaction(work)


def _with_time(verification: Verification, now: datetime) -> ColumnElement[str | None]:
    """Return the times of the attempts with this one; only those of the first are kept."""
    passed = round((now - verification.created_at) / timedelta(milliseconds=1))
    times = func.coalesce(Verification.attempt_times, "")
    longer = times + f"{min(max(passed, 0), LATEST)},"
    return case((Verification.attempts < MOST_TIMES, longer), else_=Verification.attempt_times)


def _matches(verification: Verification, parsed: str) -> bool:
    try:
        guessed = codes.hash_code(
            part(Keyring),
            parsed,
            verification=verification.id,
            purpose=verification.purpose,
            canonical=verification.canonical,
            key=verification.pepper_id,
        )
    except Unreadable as error:
        log.error("verification %s can't be checked: %s", verification.id, error)
        return False
    return codes.same(guessed, verification.code_hash)


def _approve(verification: Verification, effect: Effect | None) -> bool:
    """Mark the code as used, once; tell whether this caller did it."""
    verification_id, has_fallback = verification.id, verification.has_fallback

    def work(session: Session) -> bool:
        if not _use(session, verification_id):
            return False
        if has_fallback:  # it arrived one way, and may still be queued for another
            outbox.cancel_of(session, [verification_id], clock.now())
        telling.approved(session, verification_id)
        if effect is not None:
            effect(session)
        return True

    return transaction(work)


def _use(session: Session, verification_id: str) -> bool:
    used = change(
        session,
        update(Verification)
        .where(Verification.id == verification_id)
        .where(Verification.used_at.is_(None), Verification.canceled_at.is_(None))
        .values(used_at=clock.now(), sealed_code=None),
    )
    return used == 1


def _unchanged(verification_id: str) -> CheckResult:
    """Return the state of a verification that takes no more guesses; raises VerificationLocked where none are left."""
    result = _result(verification_id, valid=False)
    if result.status is VerificationStatus.LOCKED:
        expires_at = db.session.scalar(
            select(Verification.expires_at).where(Verification.id == verification_id)
        )
        left = (expires_at - clock.now()).total_seconds() if expires_at else 0
        raise VerificationLocked("code_attempts", max(1, math.ceil(left)))
    return result


def _result(verification_id: str, *, valid: bool) -> CheckResult:
    now = clock.now()
    current = db.session.get(Verification, verification_id, populate_existing=True)
    if current is None:
        raise NotFound("no such verification")
    return CheckResult(current.id, current.status(now), valid, current.attempts_left)

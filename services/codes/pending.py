"""Find the pending verification of a destination, for callers that keep no ids."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, union_all

from domain.errors import NotFound
from domain.owners import Owner
from domain.purposes import check_purpose
from domain.statuses import Channel
from exts import db
from models import Verification, VerificationStep, clock
from services import typed

Pending = Select[str, datetime]


def newest(owner: Owner, *, to: str, purpose: str, channel: Channel | None) -> str:
    """Return the id of the owner's newest pending verification of a destination; raises NotFound."""
    canonical = typed.sought(to, channel).canonical
    return _found(_newest_first(_pending(owner, purpose).where(Verification.canonical == canonical)))


def newest_sent_to(owner: Owner, *, to: str, purpose: str, channel: Channel | None) -> str:
    """Return the same among those whose code has gone to the destination, be it as a step of a fallback."""
    canonical = typed.sought(to, channel).canonical
    pending = _pending(owner, purpose)
    of_step = VerificationStep.verification_id == Verification.id
    taken = (VerificationStep.canonical == canonical, VerificationStep.message_id.is_not(None))
    ways = (
        pending.where(Verification.canonical == canonical),
        pending.join(VerificationStep, of_step).where(*taken),
    )
    either = union_all(*(select(_newest_first(way).subquery()) for way in ways)).subquery()
    return _found(select(either.c.id).order_by(either.c.created_at.desc()).limit(1))


def _pending(owner: Owner, purpose: str) -> Pending:
    return select(Verification.id, Verification.created_at).where(
        Verification.owner == owner.id,
        Verification.purpose == check_purpose(purpose),
        Verification.expires_at > clock.now(),
        Verification.used_at.is_(None),
        Verification.canceled_at.is_(None),
    )


def _newest_first(pending: Pending) -> Pending:
    return pending.order_by(Verification.created_at.desc()).limit(1)


def _found(statement: Select[*tuple[Any, ...]]) -> str:
    found: str | None = db.session.scalar(statement)
    if found is None:
        raise NotFound("no pending verification of this destination and purpose")
    return found

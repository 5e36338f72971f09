"""Cancel all pending verifications of a filter, in blocks; for example after somebody requested codes in bulk."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.actions import Action
from domain.statuses import VerificationStatus
from models import Verification
from services.audit import trail
from services.audit.trail import Actor
from services.codes import telling
from services.outbox import outbox
from services.storage.transactions import change, transaction
from services.traffic import verification_lists
from services.traffic.bulk_acts import BLOCK, MOST, Count
from services.traffic.disclosures import described
from services.traffic.verification_lists import Filter


def fits(chosen: Filter) -> bool:
    """Tell whether a filter may include pending verifications."""
    return chosen.status in (None, VerificationStatus.PENDING)


def count(chosen: Filter) -> Count:
    """Return how many would be canceled."""
    found = len(_ids(chosen, MOST + 1))
    return Count(min(found, MOST), found > MOST)


def cancel(chosen: Filter, *, by: Actor) -> int:
    """Cancel at most the newest `MOST`, and their messages that no worker has claimed; return how many."""
    found = _ids(chosen, MOST)
    blocks = [found[start : start + BLOCK] for start in range(0, len(found), BLOCK)]
    return sum(_cancel(block, described(chosen), by) for block in blocks)


def _ids(chosen: Filter, most: int) -> list[str]:
    pending = replace(chosen, status=VerificationStatus.PENDING)
    return verification_lists.ids(pending, most=most) if fits(chosen) else []


def _cancel(ids: Sequence[str], told: str, by: Actor) -> int:
    def work(session: Session) -> int:
        now = datetime.now(UTC)
        is_open = (Verification.used_at.is_(None), Verification.canceled_at.is_(None))
        pending = (Verification.id.in_(ids), Verification.expires_at > now, *is_open)
        ended = {"canceled_at": now, "sealed_code": None}
        done = change(session, update(Verification).where(*pending).values(**ended))
        if done:
            ours = select(Verification.id).where(Verification.id.in_(ids), Verification.canceled_at == now)
            canceled = session.scalars(ours).all()
            outbox.cancel_of(session, canceled, now)
            trail.note(session, by, Action.VERIFICATIONS_CANCELED, told, after={"verifications": done})
            telling.canceled(session, canceled, now)
        return done

    return transaction(work)

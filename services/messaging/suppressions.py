"""The suppression list: destinations that get no bulk messages. It does not apply to codes and single messages."""

import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.actions import Action
from domain.codes import new_id
from domain.destinations import mask
from domain.statuses import Channel, SuppressionReason
from exts import db
from models import Suppression
from services.audit import trail
from services.audit.trail import COMMAND_LINE, Actor
from services.messaging import recipient_news
from services.outbox import bulk_stops
from services.storage.transactions import LostRace, change, transaction

log = logging.getLogger(__name__)
BLOCK = 500
"""Destinations in one statement; SQLite before 3.32 allows 999 values in all."""
PAGE = 100


@dataclass(frozen=True, slots=True)
class SuppressionView:
    """One destination that gets no bulk messages."""

    id: str
    channel: Channel
    canonical: str = field(repr=False)
    reason: SuppressionReason
    created_at: datetime


def suppressed(session: Session, channel: Channel, canonicals: Collection[str]) -> set[str]:
    """Return those of some canonical destinations that are suppressed."""
    asked = list(canonicals)
    found: set[str] = set()
    for start in range(0, len(asked), BLOCK):
        block = asked[start : start + BLOCK]
        found.update(
            session.scalars(
                select(Suppression.canonical).where(
                    Suppression.channel == channel.value, Suppression.canonical.in_(block)
                )
            )
        )
    return found


def find(channel: Channel, canonical: str) -> SuppressionView | None:
    """Return the suppression of a destination, None where there is none."""
    row = _row(db.session(), channel, canonical)
    return view(row) if row else None


def page(after: SuppressionView | None = None, *, limit: int = PAGE) -> list[SuppressionView]:
    """Return the newest suppressions, or those that follow `after`."""
    rows = select(Suppression).order_by(Suppression.created_at.desc(), Suppression.id.desc()).limit(limit)
    if after is not None:
        same_time = and_(Suppression.created_at == after.created_at, Suppression.id < after.id)
        rows = rows.where(or_(Suppression.created_at < after.created_at, same_time))
    return [view(row) for row in db.session.scalars(rows)]


def add(
    channel: Channel,
    canonical: str,
    reason: SuppressionReason,
    *,
    by: Actor | None = COMMAND_LINE,
    owner: str | None = None,
) -> bool:
    """Suppress a destination and cancel the bulk messages that wait for it; tell whether it is new.

    Any other reason replaces `unsubscribed`, the only one that the link in the message can undo. `by` is None for
    recipients who unsubscribe themselves, and for mails that come back: the audit trail records only administrators.
    `owner`: whose message came back; endpoints of its key are told as well.
    """

    def work(session: Session) -> bool:
        bulk_stops.stop(session, channel, canonical)
        row, before = _row(session, channel, canonical), {}
        if row is None:
            row = _insert(session, channel, canonical, reason)
        elif row.reason == reason or row.reason != SuppressionReason.UNSUBSCRIBED:
            return False
        else:
            before, row.reason = {"reason": row.reason}, reason.value
        recipient_news.tell(session, channel, canonical, reason, owner)
        if by is not None:
            after = {"reason": row.reason}
            trail.note(
                session,
                by,
                Action.SUPPRESSION_ADDED,
                mask(canonical),
                subject_id=row.id,
                before=before,
                after=after,
            )
        return not before

    added = transaction(work)
    if added:
        # Again: a broadcast that was being inserted at the same time has read the list before our commit.
        transaction(lambda session: bulk_stops.stop(session, channel, canonical))
        log.info("%s gets no more bulk messages: %s", mask(canonical), reason)
    return added


def remove(
    channel: Channel,
    canonical: str,
    *,
    only: SuppressionReason | None = None,
    by: Actor | None = COMMAND_LINE,
) -> bool:
    """Lift the suppression of a destination, with `only` just for that reason; tell whether there was one to lift.

    Messages that were canceled stay canceled.
    """

    def work(session: Session) -> bool:
        row = _row(session, channel, canonical)
        if row is None or (only is not None and row.reason != only):
            return False
        id, reason = row.id, row.reason
        if not change(session, delete(Suppression).where(Suppression.id == id, Suppression.reason == reason)):
            raise LostRace
        if by is not None:
            before = {"reason": reason}
            trail.note(session, by, Action.SUPPRESSION_REMOVED, mask(canonical), subject_id=id, before=before)
        return True

    removed = transaction(work)
    if removed:
        log.info("%s gets bulk messages again", mask(canonical))
    return removed


def _insert(session: Session, channel: Channel, canonical: str, reason: SuppressionReason) -> Suppression:
    row = Suppression(
        id=new_id(),
        channel=channel.value,
        canonical=canonical,
        reason=reason.value,
        created_at=datetime.now(UTC),
    )
    session.add(row)
    try:
        session.flush()
    except IntegrityError:
        raise LostRace from None
    return row


def _row(session: Session, channel: Channel, canonical: str) -> Suppression | None:
    return session.scalar(
        select(Suppression).where(Suppression.channel == channel.value, Suppression.canonical == canonical)
    )


def view(row: Suppression) -> SuppressionView:
    """Return what may leave the services."""
    return SuppressionView(
        id=row.id,
        channel=Channel(row.channel),
        canonical=row.canonical,
        reason=SuppressionReason(row.reason),
        created_at=row.created_at,
    )

"""Metrics of the whole installation, counted from the tables on demand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from domain.statuses import Channel, Lane, MessageStatus, VerificationStatus
from exts import db
from models import Message, SeenProcess, Verification
from services.process.freshness import once_in
from services.process.health import SEEN_WITHIN

COUNT_EVERY_SECONDS = 5.0
PERIOD = timedelta(hours=1)
"""Rows of the last hour are adjacent in an index, so a scrape stays cheap however long rows are kept."""


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts at one moment."""

    messages: Mapping[tuple[str, str], int]
    """By channel and status, made within PERIOD."""
    verifications: Mapping[tuple[str, str], int]
    """By channel and status: those that are valid or expired within PERIOD."""
    waiting: Mapping[str, int]
    """By lane: not settled yet."""
    oldest_due_seconds: Mapping[str, float]
    """By lane: how long the oldest due message has been due."""
    workers: int


@once_in(COUNT_EVERY_SECONDS)
def count() -> Counts:
    """Return the counts, at most five seconds old. Raises what the database raises."""
    now = datetime.now(UTC)
    with db.engine.connect() as connection:
        waiting, oldest_due_seconds = lanes(connection, now)
        return Counts(
            messages=_messages(connection, now),
            verifications=_verifications(connection, now),
            waiting=waiting,
            oldest_due_seconds=oldest_due_seconds,
            workers=connection.execute(
                select(func.count())
                .select_from(SeenProcess)
                .where(SeenProcess.kind == "worker", SeenProcess.seen_at > now - SEEN_WITHIN)
            ).scalar_one(),
        )


def _messages(connection: Connection, now: datetime) -> dict[tuple[str, str], int]:
    counts = {(channel.value, status.value): 0 for channel in Channel for status in MessageStatus}
    rows = connection.execute(
        select(Message.channel, Message.status, func.count())
        .where(Message.created_at > now - PERIOD)
        .group_by(Message.channel, Message.status)
    )
    counts.update({(channel, status): number for channel, status, number in rows})
    return counts


def _verifications(connection: Connection, now: datetime) -> dict[tuple[str, str], int]:
    """Count by the same rules, in the same order, as `Verification.status`."""
    counts = {(channel.value, status.value): 0 for channel in Channel for status in VerificationStatus}
    status = case(
        (Verification.used_at.is_not(None), VerificationStatus.APPROVED.value),
        (Verification.canceled_at.is_not(None), VerificationStatus.CANCELED.value),
        (Verification.expires_at <= now, VerificationStatus.EXPIRED.value),
        (
            (Verification.max_attempts > 0) & (Verification.attempts >= Verification.max_attempts),
            VerificationStatus.LOCKED.value,
        ),
        else_=VerificationStatus.PENDING.value,
    ).label("state")
    counted = (
        select(Verification.channel, status).where(Verification.expires_at > now - PERIOD).subquery("recent")
    )
    rows = connection.execute(
        select(counted.c.channel, counted.c.state, func.count()).group_by(counted.c.channel, counted.c.state)
    )
    counts.update({(channel, state): number for channel, state, number in rows})
    return counts


def is_planned(now: datetime) -> ColumnElement[bool]:
    """Return the condition for messages that are not to be sent before a later time: they do not wait."""
    return and_(Message.send_at.is_not(None), Message.send_at > now)


def lanes(connection: Connection, now: datetime) -> tuple[dict[str, int], dict[str, float]]:
    """Return by lane how many messages wait, and for how many seconds the oldest due one has been due."""
    waiting = dict.fromkeys([lane.value for lane in Lane], 0)
    oldest = dict.fromkeys([lane.value for lane in Lane], 0.0)
    rows = connection.execute(
        select(Message.lane, func.count(), func.min(Message.due_at))
        .where(Message.due_at.is_not(None), or_(Message.due_at <= now, ~is_planned(now)))
        .group_by(Message.lane)
    )
    for lane, number, due_at in rows:
        waiting[lane] = number
        oldest[lane] = max(0.0, (now - due_at).total_seconds()) if due_at else 0.0
    return waiting, oldest

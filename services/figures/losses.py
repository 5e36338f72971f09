"""Why messages were lost: what gateways and carriers said of those that are kept, by gateway and country."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from domain.error_kinds import kind_of
from domain.statuses import Channel, MessageStatus
from exts import db
from models import Message
from models.message import IS_UNSUCCESSFUL, WITH_PARTIAL_INDEXES
from services.figures.spans import Span

NEWEST = 5_000
"""Lost messages counted: some 20 ms."""
LOOK_THROUGH = 20_000
"""Messages of any status looked at where the database has no index of the lost ones."""
LOST = (MessageStatus.UNDELIVERED, MessageStatus.FAILED, MessageStatus.EXPIRED)


@dataclass(frozen=True, slots=True)
class Loss:
    """One reason; without an error `kind` is None, and the status is the reason."""

    kind: str | None
    status: MessageStatus
    gateway: str | None
    country: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Losses:
    """The reasons, the most frequent first; `is_cut`: older ones were not counted."""

    reasons: list[Loss]
    count: int
    is_cut: bool


def of(span: Span, channel: Channel | None) -> Losses:
    """Return why messages of a span were lost; purged messages are not among them."""
    made: list[Any] = [Message.created_at >= span.since, Message.created_at < span.until]
    bound = LOOK_THROUGH
    if db.engine.dialect.name in WITH_PARTIAL_INDEXES:
        made.append(IS_UNSUCCESSFUL)
        bound = NEWEST
    is_lost: list[Any] = [Message.status.in_([status.value for status in LOST])]
    if channel is not None:
        is_lost.append(Message.channel == channel.value)
    columns = (Message.error, Message.status, Message.gateway, Message.country)
    with db.engine.connect() as connection:
        far = (
            select(Message.created_at).where(*made).order_by(Message.created_at.desc()).offset(bound).limit(1)
        )
        horizon = connection.scalar(far)
        if horizon is not None:
            made.append(Message.created_at > horizon)
        found = select(*columns, func.count()).where(*made, *is_lost).group_by(*columns)
        rows = connection.execute(found).all()
    return _summed(rows, is_cut=horizon is not None)


def _summed(rows: Iterable[Any], *, is_cut: bool) -> Losses:
    counts: Counter[tuple[str | None, MessageStatus, str | None, str | None]] = Counter()
    for error, status, gateway, country, count in rows:
        counts[kind_of(error) if error else None, MessageStatus(status), gateway, country] += count
    reasons = [Loss(*values, count) for values, count in counts.most_common()]
    return Losses(reasons, counts.total(), is_cut)

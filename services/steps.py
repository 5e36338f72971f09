"""The steps of verifications as answers, events and pages list them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from domain.fallback import SKIPPED, WAITING
from domain.statuses import MessageStatus, VerificationStatus
from models.message import Message
from models.verification import Verification
from models.verification_step import VerificationStep
from services.storage.transactions import Writer

_steps, _messages = VerificationStep.__table__, Message.__table__
_LISTED = (
    select(
        *(_steps.c.verification_id, _steps.c.channel, _steps.c.to, _steps.c.after_seconds),
        *(_steps.c.at, _steps.c.message_id, _steps.c.reason, _messages.c.status, _messages.c.deadline_at),
    )
    .join_from(_steps, _messages, _messages.c.id == _steps.c.message_id, isouter=True)
    .order_by(_steps.c.verification_id, _steps.c.number)
)


@dataclass(frozen=True, slots=True)
class Carrier:
    """The message of a step, the newest one after a resend."""

    id: str
    status: str


@dataclass(frozen=True, slots=True)
class StepView:
    """One step; `status` is that of its message, or one of `domain/fallback.py` without a message."""

    channel: str
    to: str = field(repr=False)
    status: str
    after_seconds: int | None
    """After the step before; None for the first send."""
    at: datetime | None = None
    """When it was taken or skipped."""
    message: Carrier | None = None
    reason: str | None = None
    """Why it was skipped."""


Steps = tuple[StepView, ...]


def of(reader: Writer, rows: Iterable[Any], now: datetime) -> Mapping[str, Steps]:
    """Return the steps of verifications by id, the first send first; nothing for those without a fallback.

    `rows`: of the model, or of `services/events/data.py`. Where none has a fallback, nothing is read.
    """
    is_pending = {
        row.id: Verification.status(row, now) is VerificationStatus.PENDING
        for row in rows
        if row.has_fallback
    }
    if not is_pending:
        return {}
    found: dict[str, list[StepView]] = defaultdict(list)
    for row in reader.execute(_LISTED.where(_steps.c.verification_id.in_(is_pending))):
        found[row.verification_id].append(_view(row, now, is_pending=is_pending[row.verification_id]))
    return {verification_id: tuple(steps) for verification_id, steps in found.items()}


def _view(row: Any, now: datetime, *, is_pending: bool) -> StepView:
    message = Carrier(row.message_id, message_status(row, now)) if row.message_id else None
    if message is not None:
        status = message.status
    elif row.reason is not None:
        status = SKIPPED
    else:
        status = WAITING if is_pending else MessageStatus.CANCELED.value
    return StepView(row.channel, row.to, status, row.after_seconds, row.at, message, row.reason)


def message_status(row: Any, now: datetime) -> str:
    """Return the status of a message from its row: `expired` once it was purged or can't be sent in time any more."""
    if row is None or row.status is None:
        return MessageStatus.EXPIRED.value
    is_late = row.status == MessageStatus.QUEUED and row.deadline_at <= now
    return MessageStatus.EXPIRED.value if is_late else str(row.status)

"""A verification as its owner may see it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from domain.statuses import MessageStatus, VerificationStatus
from exts import db
from models import Message, Verification
from services import steps
from services.codes import fallback
from services.codes.issuing import Issue, expires_at, resend_at
from services.steps import Steps


@dataclass(frozen=True, slots=True)
class VerificationView:
    """A verification as its owner may see it."""

    id: str
    channel: str
    to: str = field(repr=False)
    purpose: str
    status: VerificationStatus
    attempts_left: int | None
    created_at: datetime
    expires_at: datetime
    resend_at: datetime
    message_id: str
    message_status: str
    metadata: Mapping[str, str]
    steps: Steps = ()
    """The ways of its code, the first send first; none without a fallback."""


def first_view(issue: Issue) -> VerificationView:
    """Return a verification as it is after its first send, without reading it back."""
    challenge = issue.challenge
    return VerificationView(
        id=challenge.id,
        channel=challenge.destination.channel.value,
        to=challenge.destination.to,
        purpose=challenge.purpose,
        status=VerificationStatus.PENDING,
        attempts_left=challenge.profile.code_attempts or None,
        created_at=issue.at,
        expires_at=expires_at(issue.at, challenge.profile),
        resend_at=resend_at(issue.at),
        message_id=issue.message.id,
        message_status=MessageStatus.QUEUED,
        metadata=challenge.metadata,
        steps=fallback.first_views(issue.first_send, issue.steps) if issue.steps else (),
    )


def view(verification: Verification, message_status: str | None, now: datetime) -> VerificationView:
    """Return a verification as it is now; `message_status` is looked up where it is None."""
    return VerificationView(
        id=verification.id,
        channel=verification.channel,
        to=verification.to,
        purpose=verification.purpose,
        status=verification.status(now),
        attempts_left=verification.attempts_left,
        created_at=verification.created_at,
        expires_at=verification.expires_at,
        resend_at=verification.resend_at,
        message_id=verification.message_id,
        message_status=message_status or _message_status(verification.message_id, now),
        metadata=verification.details,
        steps=steps.of(db.session(), [verification], now).get(verification.id, ()),
    )


def _message_status(message_id: str, now: datetime) -> str:
    found = db.session.execute(select(Message.status, Message.deadline_at).where(Message.id == message_id))
    return steps.message_status(found.one_or_none(), now)

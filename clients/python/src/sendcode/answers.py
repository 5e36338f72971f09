"""What the service answers, as frozen dataclasses. Members that this release does not know are left out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, Literal, TypeVar

T = TypeVar("T")
Channel = Literal["sms", "email"]
VerificationStatus = Literal["pending", "approved", "locked", "expired", "canceled"]
MessageStatus = Literal[
    "queued", "sending", "sent", "delivered", "undelivered", "failed", "expired", "canceled"
]
StepStatus = Literal[MessageStatus, "waiting", "skipped"]


@dataclass(frozen=True, slots=True)
class MessageOfVerification:
    """The message that carries a code: the newest one, after a resend."""

    id: str
    status: MessageStatus


@dataclass(frozen=True, slots=True)
class Step:
    """One way of a code. `status` is that of its message, `waiting` before its time, `skipped` if it was refused."""

    channel: Channel
    to: str
    status: StepStatus
    after_seconds: int | None
    at: datetime | None
    message: MessageOfVerification | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Verification:
    """One challenge, without its code. Before `resend_at` a resend is refused. `steps`: only with a fallback."""

    id: str
    channel: Channel
    to: str
    purpose: str
    status: VerificationStatus
    attempts_left: int | None
    created_at: datetime
    expires_at: datetime
    resend_at: datetime
    message: MessageOfVerification
    metadata: Mapping[str, str]
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of a check. Let the user in only if `valid`."""

    id: str
    status: VerificationStatus
    valid: bool
    attempts_left: int | None


@dataclass(frozen=True, slots=True)
class Message:
    """One message, without its content. `result`: 0 once sent or delivered, -1 if it never will be, else None."""

    id: str
    channel: Channel
    to: str
    template: str | None
    status: MessageStatus
    result: int | None
    gateway: str | None
    gateway_reference: str | None
    tries: int
    error: str | None
    created_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None
    send_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A recipient who does not get a broadcast, by the place in the list."""

    index: int
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """How many recipients get a broadcast, and which are rejected."""

    id: str
    accepted: int
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row of a file that gets nothing: its number in a spreadsheet, and the name of its column."""

    index: int
    row: int
    column: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class FileAccepted:
    """How many recipients in a file get a broadcast, and which rows were left out."""

    id: str
    accepted: int
    rejected: tuple[RejectedRow, ...]


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A broadcast, with the counts of its messages by status."""

    id: str
    channel: Channel
    template: str | None
    status: str
    accepted: int
    rejected: int
    counts: Mapping[str, int]
    send_at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Codes:
    """Codes issued and approved; `conversion` is None if none was issued."""

    issued: int
    approved: int
    conversion: float | None


@dataclass(frozen=True, slots=True)
class Tally:
    """Messages by their current status, and codes."""

    messages: Mapping[str, int]
    verifications: Codes


@dataclass(frozen=True, slots=True)
class Group:
    """One day (UTC), channel and gateway."""

    day: date
    channel: Channel
    gateway: str | None
    messages: Mapping[str, int]
    verifications: Codes


@dataclass(frozen=True, slots=True)
class Statistics:
    """What this key made, in total and by day, channel and gateway."""

    since: datetime
    until: datetime
    total: Tally
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list, newest first; `next_cursor` is None on the last one."""

    items: tuple[T, ...]
    next_cursor: str | None

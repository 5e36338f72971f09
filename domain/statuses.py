"""The values that rows and answers use for channels, lanes and states."""

from enum import IntEnum, StrEnum


class Channel(StrEnum):
    """The way a message travels."""

    SMS = "sms"
    EMAIL = "email"


class Lane(StrEnum):
    """A queue of work that a worker can be given on its own (`-Q sms`)."""

    SMS = "sms"
    EMAIL = "email"
    BULK = "bulk"


class Priority(IntEnum):
    """The order inside the worker: a code never waits behind a newsletter."""

    CODE = 0
    SINGLE = 1
    BULK = 2


FLOWS = tuple(
    (priority, lane)
    for priority in Priority
    for lane in Lane
    if (lane is Lane.BULK) == (priority is Priority.BULK)
)
"""The priorities in each lane: bulk messages have a lane of their own, and it takes nothing else."""


class MessageStatus(StrEnum):
    """Where a message is on its way."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELED = "canceled"

    @property
    def result(self) -> int | None:
        """0 once sent or delivered, -1 once it never will be, else None."""
        if self in (MessageStatus.SENT, MessageStatus.DELIVERED):
            return 0
        if self in (MessageStatus.QUEUED, MessageStatus.SENDING):
            return None
        return -1


class BroadcastStatus(StrEnum):
    """Where a broadcast is; `done` when none of its messages is left to send."""

    SCHEDULED = "scheduled"
    SENDING = "sending"
    PAUSED = "paused"
    DONE = "done"
    CANCELED = "canceled"


class VerificationStatus(StrEnum):
    """What became of a challenge."""

    PENDING = "pending"
    APPROVED = "approved"
    LOCKED = "locked"
    EXPIRED = "expired"
    CANCELED = "canceled"


class SuppressionReason(StrEnum):
    """Why a destination gets no bulk messages."""

    UNSUBSCRIBED = "unsubscribed"
    OPERATOR = "operator"
    COMPLAINT = "complaint"
    BOUNCE = "bounce"


class SecretKind(StrEnum):
    """What a secret of an API key is for: our own API, or programs that speak Twilio's."""

    API = "api"
    TWILIO = "twilio"


class SignInOutcome(StrEnum):
    """The outcome of a sign-in attempt at the console; `code_asked`: the password was right, the code is pending."""

    SIGNED_IN = "signed_in"
    CODE_ASKED = "code_asked"
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - no password
    WRONG_CODE = "wrong_code"


class RunState(StrEnum):
    """Where one run of a schedule is."""

    QUEUED = "queued"
    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class DeliveryStatus(StrEnum):
    """Where an event is on its way to an endpoint."""

    WAITING = "waiting"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"

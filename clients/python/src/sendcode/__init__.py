"""A client for Sendcode: verification codes and notices by e-mail and SMS.

client = Sendcode("https://codes.example.com", os.environ["SENDCODE_KEY"])
verification = client.verifications.issue("sms", "+8613800138000", purpose="login")
client.verifications.check(verification.id, "123456").valid
"""

from sendcode import webhooks
from sendcode.answers import (
    Accepted,
    Broadcast,
    CheckResult,
    FileAccepted,
    Message,
    Page,
    Statistics,
    Step,
    Verification,
)
from sendcode.clients import AsyncSendcode, Sendcode
from sendcode.conversation import __version__
from sendcode.errors import (
    BadRows,
    Conflict,
    DestinationLocked,
    InvalidDestination,
    InvalidInput,
    InvalidSignature,
    LimitExceeded,
    MalformedCode,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    Refused,
    SendcodeError,
    Unavailable,
    VerificationLocked,
)
from sendcode.resources.verifications import NewStep
from sendcode.webhook_answers import Delivery, Event, MadeWebhook, Webhook

__all__ = [
    "Accepted",
    "AsyncSendcode",
    "BadRows",
    "Broadcast",
    "CheckResult",
    "Conflict",
    "Delivery",
    "DestinationLocked",
    "Event",
    "FileAccepted",
    "InvalidDestination",
    "InvalidInput",
    "InvalidSignature",
    "LimitExceeded",
    "MadeWebhook",
    "MalformedCode",
    "Message",
    "NewStep",
    "NotAllowed",
    "NotAuthenticated",
    "NotFound",
    "Page",
    "Refused",
    "Sendcode",
    "SendcodeError",
    "Statistics",
    "Step",
    "Unavailable",
    "Verification",
    "VerificationLocked",
    "Webhook",
    "__version__",
    "webhooks",
]

"""What becomes of a mail after a server took it, and what follows: its status, and the suppression list.

Delivery status notifications (RFC 3464), complaints (RFC 5965) and the events of mail companies all come down to these.
"""

import re
from datetime import timedelta
from enum import StrEnum

from domain.statuses import MessageStatus, SuppressionReason

GOOD_FOR = timedelta(days=10)
"""How long after the send a report is believed: mail servers give up after five days (RFC 5321 4.5.4.1)."""

_CODE = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\.?\d)")
_OF_THE_ADDRESS = frozenset({"1.0", "1.1", "1.2", "1.3", "1.6", "1.10", "2.1", "4.1", "4.4", "0.0"})
"""Permanent codes after which mail to this address will never arrive (RFC 3463, RFC 7505 for 1.10).

No such mailbox or domain, moved, disabled; 4.1 is how Microsoft 365 refuses unknown recipients, 4.4 how servers call a
domain without mail. A full mailbox (2.2), a mail too large, and all about content and policy (6, 7) is not in it.
"""


class MailOutcome(StrEnum):
    """One kind of report. One that a server only tries again later is no outcome."""

    DELIVERED = "delivered"
    HARD_BOUNCE = "hard_bounce"
    """Not delivered, because there is no such mailbox."""
    SOFT_BOUNCE = "soft_bounce"
    """Not delivered for another reason: the next mail to this address may arrive."""
    COMPLAINT = "complaint"
    """The recipient has called it spam."""
    UNSUBSCRIBE = "unsubscribe"

    @property
    def status(self) -> MessageStatus | None:
        """The status that it gives the message; None where it says nothing about the delivery."""
        return _STATUSES.get(self)

    @property
    def suppression(self) -> SuppressionReason | None:
        """Why its recipient gets no more bulk messages; None where it still does."""
        return _SUPPRESSIONS.get(self)


_STATUSES = {
    MailOutcome.DELIVERED: MessageStatus.DELIVERED,
    MailOutcome.HARD_BOUNCE: MessageStatus.UNDELIVERED,
    MailOutcome.SOFT_BOUNCE: MessageStatus.UNDELIVERED,
}
_SUPPRESSIONS = {
    MailOutcome.HARD_BOUNCE: SuppressionReason.BOUNCE,
    MailOutcome.COMPLAINT: SuppressionReason.COMPLAINT,
    MailOutcome.UNSUBSCRIBE: SuppressionReason.UNSUBSCRIBED,
}


def status_code(status: str, diagnostic: str = "") -> str:
    """Return the enhanced status code of a report such as `5.1.1`, an empty text where there is none.

    Some servers report 5.0.0, or nothing, and are precise only in the diagnostic text.
    """
    found = [code for text in (status, diagnostic) if (code := _CODE.search(text))]
    precise = [code for code in found if (code[2], code[3]) != ("0", "0") and code[1] == found[0][1]]
    return (precise or found)[0][0] if found else ""


def of_report(action: str, code: str) -> MailOutcome | None:
    """Return what the action and the status code of a delivery report mean (RFC 3464 2.3.3); None for no change."""
    match action:
        case "delivered":
            return MailOutcome.DELIVERED
        case "failed":
            kind, _, detail = code.partition(".")
            is_hard = kind == "5" and detail in _OF_THE_ADDRESS
            return MailOutcome.HARD_BOUNCE if is_hard else MailOutcome.SOFT_BOUNCE
    return None

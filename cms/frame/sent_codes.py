"""How far a code is on its way, in words: nothing is called sent before a gateway accepted it."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from flask_babel import gettext as _

from cms.errors.error_texts import wait_text
from domain.statuses import Channel, MessageStatus
from services.alarms.wording import gap_text
from services.codes.verification_views import VerificationView
from services.gateways import gateway_gaps

LOST = (MessageStatus.FAILED, MessageStatus.EXPIRED, MessageStatus.UNDELIVERED, MessageStatus.CANCELED)
MOVING = (MessageStatus.QUEUED, MessageStatus.SENDING)


@dataclass(frozen=True, slots=True)
class SentCode:
    """A pending code: one sentence on its state, or on what is wrong; `is_moving`: that may soon change."""

    text: str | None
    fault: str | None
    is_moving: bool


def of(sent: VerificationView, to: str) -> SentCode:
    """Return the state of a code; `to` is its destination as the page may show it."""
    status, channel = MessageStatus(sent.message_status), Channel(sent.channel)
    if status in LOST:
        return SentCode(None, _lost_text(channel), is_moving=False)
    wait = wait_text(max(0, math.ceil((sent.expires_at - datetime.now(UTC)).total_seconds())))
    if status not in MOVING:
        return SentCode(_("Code sent to %(to)s. It is good for %(time)s.", to=to, time=wait), None, False)
    gap = gateway_gaps.of_address(channel, sent.to)
    if gap is None:
        text = _("The code to %(to)s is on its way. It is good for %(time)s.", to=to, time=wait)
        return SentCode(text, None, is_moving=True)
    rest = (
        _("The code is not sent until one is switched on; it expires in %(time)s.", time=wait)
        if gap.off
        else _("The code can't be sent.")
    )
    return SentCode(None, f"{gap_text(gap)} {rest}", is_moving=True)


def _lost_text(channel: Channel) -> str:
    if channel is Channel.EMAIL:
        return _("The message could not be delivered. Check the address, or send the code again.")
    return _("The message could not be delivered. Check the number, or send the code again.")

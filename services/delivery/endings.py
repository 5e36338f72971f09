"""How a test message ends: without a gateway, as its destination asks for; and the delivery report that follows."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, update

from domain.destinations import canonical
from domain.endings import SLOW_SECONDS, Ending, ending_of
from domain.statuses import MessageStatus
from domain.test_numbers import GATEWAY, NEVER_SENT
from models.message import Message
from services.delivery import judging
from services.delivery.claims import Claimed
from services.delivery.settling import Settled
from services.events.message_news import Teller

messages = Message.__table__
REASON = "the test asked for it"
REPORTS = {Ending.DELIVERED: MessageStatus.DELIVERED, Ending.UNDELIVERED: MessageStatus.UNDELIVERED}
_REPORT = (
    update(messages)
    .where(messages.c.id == bindparam("wanted"), messages.c.status == MessageStatus.SENT.value)
    .values(
        status=bindparam("new_status"),
        error=bindparam("new_error"),
        settled_at=bindparam("new_settled_at", type_=messages.c.settled_at.type),
    )
)


def end(claimed: Claimed, now: datetime) -> Settled:
    """Return how the try of a test message ended.

    A slow one stays `sending` without a lease, so it takes up no slot; when it is due again, its mark says that it has
    waited.
    """
    ending = None if claimed.ask_first == NEVER_SENT else ending_of(canonical(claimed.to))
    if ending is Ending.FAILED:
        return judging.failed(claimed, GATEWAY, REASON, now)
    if ending is Ending.EXPIRED:
        return Settled(claimed, MessageStatus.EXPIRED, now)
    if ending is Ending.SLOW:
        due_at = now + timedelta(seconds=SLOW_SECONDS)
        return Settled(
            claimed, MessageStatus.SENDING, now, due_at, GATEWAY, tried=False, ask_first=NEVER_SENT
        )
    report = REPORTS.get(ending) if ending else None
    return Settled(claimed, MessageStatus.SENT, now, gateway=GATEWAY, report=report)


def report(
    connection: Connection, settled: Sequence[Settled], now: datetime, teller: Teller | None = None
) -> None:
    """Write the delivery reports of test messages that were just settled, and tell of them; the caller commits."""
    reported = {one.claimed.id: one.report for one in settled if one.report is not None}
    if not reported:
        return
    connection.execute(
        _REPORT,
        [
            {
                "wanted": id,
                "new_status": status.value,
                "new_error": REASON if status is MessageStatus.UNDELIVERED else None,
                "new_settled_at": now,
            }
            for id, status in reported.items()
        ],
    )
    if teller is not None and teller.is_needed(connection):
        teller.tell(connection, {id: (status, now) for id, status in reported.items()}, now)

"""Write what a delivery report says into the row of its message."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update

from channels.receipts import Receipt
from domain.characters import one_line
from domain.receipts import statuses_before
from domain.statuses import MessageStatus
from models import Message
from services.codes import hastening
from services.events.message_news import Teller
from services.outbox.outbox import WHAT_IS_KEPT
from services.storage.exact import exactly
from services.storage.transactions import Writer, change

REASON_LENGTH = 255


def note(writer: Writer, gateway: str, receipt: Receipt, now: datetime, teller: Teller) -> bool:
    """Move the message that a gateway's report is about, tell endpoints, and return whether anything changed.

    `receipt.status` must be set. The caller commits.
    """
    values: dict[str, Any] = {"gateway": gateway}
    if receipt.gateway_reference:
        values["gateway_reference"] = receipt.gateway_reference
    return move(writer, is_meant(receipt, gateway), receipt, now, teller, **values)


def is_meant(receipt: Receipt, gateway: str) -> ColumnElement[bool]:
    """Return the condition for the message that a gateway's report is about: it reports of its own ones only."""
    is_this = (
        (Message.id == receipt.reference)
        if receipt.reference
        else exactly(Message.gateway_reference, receipt.gateway_reference)
    )
    return and_(is_this, or_(exactly(Message.gateway, gateway), Message.gateway.is_(None)))


def move(
    writer: Writer,
    is_this: ColumnElement[bool],
    receipt: Receipt,
    now: datetime,
    teller: Teller,
    **values: Any,
) -> bool:
    """Give a message the status of a report if it may still change, and tell endpoints; the caller commits."""
    assert receipt.status is not None
    changed = bool(
        change(
            writer,
            update(Message)
            .where(is_this, Message.tries > 0)
            .where(Message.status.in_([status.value for status in statuses_before(receipt.status)]))
            .values(
                status=receipt.status.value,
                error=one_line(receipt.reason, REASON_LENGTH) if receipt.reason else None,
                due_at=None,
                lease_token=None,
                sealed=WHAT_IS_KEPT,
                settled_at=now,
                **values,
            ),
        )
    )
    if changed:
        _tell(writer, is_this, receipt.status, now, teller)
        if receipt.status is MessageStatus.UNDELIVERED:
            codes = select(Message.id, Message.verification_id).where(is_this, Message.settled_at == now)
            hastening.hasten(writer, writer.execute(codes), now)
    return changed


def is_known(writer: Writer, gateway: str, receipt: Receipt) -> bool:
    """Tell whether there is a message that a report is about, whatever its status."""
    found = select(Message.id).where(is_meant(receipt, gateway)).limit(1)
    return writer.execute(found).first() is not None


def _tell(
    writer: Writer, is_this: ColumnElement[bool], status: MessageStatus, now: datetime, teller: Teller
) -> None:
    """Tell endpoints what a report changed, in the same transaction."""
    if teller.is_needed(writer):
        ids = writer.scalars(select(Message.id).where(is_this, Message.settled_at == now)).all()
        teller.tell(writer, dict.fromkeys(ids, (status, now)), now)

"""Take in the delivery receipts of carriers."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from channels.receipts import ReadsReceipts, Receipt, ReceiptAnswer, ReceiptRequest
from channels.registry import Gateways
from domain.characters import has_control_characters, one_line
from domain.errors import NotFound
from domain.receipts import statuses_before
from domain.statuses import MessageStatus
from models import Message
from services.events import message_news
from services.outbox.outbox import WHAT_IS_KEPT
from services.process.parts import part
from services.storage.exact import exactly
from services.storage.transactions import change, transaction

log = logging.getLogger(__name__)
REASON_LENGTH = 255


def take(name: str, *, method: str, url: str, headers: Mapping[str, str], body: bytes) -> ReceiptAnswer:
    """Apply the reports that a provider posts to `/receipts/<name>`; return the answer it expects.

    A report of an unknown message, a repeated one and a late one change nothing. Raises NotFound where no gateway of
    this name reads reports, ForgedReceipt and InvalidInput.
    """
    gateway = part(Gateways).named(name)
    if not isinstance(gateway, ReadsReceipts):
        raise NotFound("no gateway of this name takes delivery reports")
    now = datetime.now(UTC)
    reports = gateway.read_receipts(ReceiptRequest(method, url, headers, body), now)
    for report in reports:
        if report.status is not None and _may_be_ours(report):
            _take_one(name, report, now)
    return gateway.receipt_answer


def _may_be_ours(report: Receipt) -> bool:
    """Tell whether a row can have these references: PostgreSQL refuses NUL, and what is too long for the column."""
    given = (report.reference, report.gateway_reference)
    return not any(one and (len(one) > REASON_LENGTH or has_control_characters(one)) for one in given)


def _take_one(name: str, report: Receipt, now: datetime) -> None:
    changed = transaction(lambda session: _note(session, name, report, now))
    of = report.reference or report.gateway_reference
    log.info("gateway %s reports %s of %s: %s", name, report.status, of, "noted" if changed else "no change")


def _note(session: Session, name: str, receipt: Receipt, now: datetime) -> bool:
    assert receipt.status is not None
    is_this = (
        (Message.id == receipt.reference)
        if receipt.reference
        else exactly(Message.gateway_reference, receipt.gateway_reference)
    )
    values: dict[str, Any] = {"gateway": name}
    if receipt.gateway_reference:
        values["gateway_reference"] = receipt.gateway_reference
    changed = bool(
        change(
            session,
            update(Message)
            .where(is_this, or_(exactly(Message.gateway, name), Message.gateway.is_(None)))
            .where(Message.status.in_([status.value for status in statuses_before(receipt.status)]))
            .where(Message.tries > 0)
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
        _tell(session, is_this, receipt.status, now)
    return changed


def _tell(session: Session, is_this: ColumnElement[bool], status: MessageStatus, now: datetime) -> None:
    """Tell endpoints what a report changed, in the same transaction."""
    teller = message_news.teller()
    if teller.is_needed(session):
        ids = session.scalars(select(Message.id).where(is_this, Message.settled_at == now)).all()
        teller.tell(session, dict.fromkeys(ids, (status, now)), now)

"""Take in what becomes of mails after a server took them: bounces, complaints, and the events of mail companies."""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from sqlalchemy import ColumnElement, Engine, and_, func, or_, select
from sqlalchemy.orm import Session

from channels.bounces import returned
from channels.bounces.returned import Report
from channels.receipts import Receipt, ReceiptAnswer
from domain import bounce_addresses
from domain.errors import NotFound
from domain.keyring import Keyring
from domain.mail_outcomes import GOOD_FOR
from domain.statuses import Channel
from models import Message
from services.events import message_news
from services.gateways import receipts, report_notes
from services.messaging import early_outcomes, suppressions
from services.messaging.early_outcomes import EarlyOutcomes
from services.process.parts import part
from services.storage.transactions import transaction

log = logging.getLogger(__name__)


def take_returned(content: bytes, recipients: Sequence[str] = ()) -> str | None:
    """Apply a mail that came back; return the id of the message it is about.

    None, and no change, where it is no report, is about no mail of ours, or about one that is older than `GOOD_FOR`.
    Its bounce address names the message; without one the Message-ID of the returned mail does, which only those know
    who had the mail. `recipients`: the addresses that it came to.
    """
    report = returned.read(content, recipients)
    if report is None:
        return None
    now = datetime.now(UTC)
    sent_at = func.coalesce(Message.sent_at, Message.settled_at)
    for message_id in _ids(report):
        receipt = Receipt.of_mail(report.outcome, reference=message_id, reason=report.reason)
        is_this = and_(Message.id == message_id, or_(sent_at.is_(None), sent_at >= now - GOOD_FOR))
        if _apply(receipt, is_this, now):
            return message_id
    return None


def take_posted(
    name: str, *, method: str, url: str, headers: Mapping[str, str], body: bytes
) -> ReceiptAnswer:
    """Apply what a company posts to `/receipts/<name>`, about SMS or mails; raises as `receipts.take`."""
    return receipts.take(name, method=method, url=url, headers=headers, body=body, of_mail=take)


def take(receipt: Receipt, gateway: str) -> None:
    """Apply the report of a mail gateway about a mail of its own; a repeated or a late one changes nothing.

    One that is faster than the answer to its send is kept, unless it names our reference, which no answer has to bring.
    """
    now = datetime.now(UTC)
    is_ours = _apply(receipt, report_notes.is_meant(receipt, gateway), now, gateway=gateway)
    if not is_ours and not receipt.reference and early_outcomes.keep(gateway, receipt, now):
        of, outcome = receipt.gateway_reference, receipt.outcome
        log.info("gateway %s tells %s of %s: kept for a mail that has no reference yet", gateway, outcome, of)


def early(app: Flask, engine: Engine) -> EarlyOutcomes:
    """Return the duty of a worker that applies what was kept."""

    def take_kept(receipt: Receipt, gateway: str) -> None:
        _apply(receipt, report_notes.is_meant(receipt, gateway), datetime.now(UTC), gateway=gateway)

    return EarlyOutcomes(app, engine, take_kept)


def _ids(report: Report) -> Sequence[str]:
    """Return the ids of the messages that a report may be about; none where an address has a forged token."""
    keyring = part(Keyring)
    try:
        named = [bounce_addresses.read(keyring, address) for address in report.addresses]
    except NotFound:
        log.warning("a mail to a bounce address that is none of ours changes nothing")
        return ()
    signed = [message_id for message_id in named if message_id]
    return signed[:1] or report.message_ids


def _apply(receipt: Receipt, is_this: ColumnElement[bool], now: datetime, **values: Any) -> bool:
    """Move the message and suppress its recipient; tell whether there is such a message.

    In this order, and each even if the other was done before: whoever hands the report over tries again until both are.
    """
    outcome = receipt.outcome
    assert outcome is not None
    found = transaction(lambda session: _note(session, receipt, is_this, now, values))
    if found is None:
        return False
    message_id, canonical, owner, changed = found
    log.info(
        "%s of message %s: %s",
        outcome,
        message_id,
        "noted" if changed else "no change",
        extra={"message_id": message_id},
    )
    if reason := outcome.suppression:
        suppressions.add(Channel.EMAIL, canonical, reason, by=None, owner=owner)
    return True


def _note(
    session: Session, receipt: Receipt, is_this: ColumnElement[bool], now: datetime, values: Mapping[str, Any]
) -> tuple[str, str, str, bool] | None:
    mails = (Message.channel == Channel.EMAIL.value, Message.tries > 0, Message.is_test.is_(False))
    row = session.execute(select(Message.id, Message.canonical, Message.owner).where(is_this, *mails)).first()
    if row is None:
        return None
    changed = receipt.status is not None and report_notes.move(
        session, Message.id == row.id, receipt, now, message_news.teller(), **values
    )
    return row.id, row.canonical, row.owner, changed

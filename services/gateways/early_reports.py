"""Reports that are faster than the answer to their send: kept for some minutes, until a message has their reference."""

import logging
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from channels.receipts import Receipt
from domain.statuses import MessageStatus
from models import EarlyReport, clock
from services.events.message_news import Teller
from services.gateways import early_rows, report_notes

log = logging.getLogger(__name__)
reports = EarlyReport.__table__


def keep(gateway: str, receipt: Receipt, now: datetime) -> bool:
    """Keep a report that no message has the reference of; return whether there is room. The first one counts."""
    try:
        return early_rows.put(reports, gateway, receipt, now, status=receipt.status)
    except IntegrityError:
        return False


def apply_all(engine: Engine, teller: Teller) -> None:
    """Apply the reports whose message has its reference by now, and forget the old ones; workers call it each second.

    Where nothing waits, which is nearly always, it is one look at an empty table.
    """
    try:
        with engine.connect() as connection:
            if early_rows.is_empty(connection, reports):
                return
        with engine.begin() as connection:
            _apply_ready(connection, clock.now(), teller)
    except SQLAlchemyError as error:  # in a second it is tried again; the worker's sends must not wait for it
        log.warning("early reports can't be applied: %s", type(error).__name__)


# the same order in all workers: no deadlocks
_READY = early_rows.ready(reports).order_by(reports.c.gateway, reports.c.gateway_reference)


def _apply_ready(connection: Connection, now: datetime, teller: Teller) -> None:
    for row in connection.execute(_READY).all():
        _apply(connection, row, now, teller)
    connection.execute(delete(reports).where(reports.c.received_at < now - early_rows.KEPT))


def _apply(connection: Connection, row: Row[Any], now: datetime, teller: Teller) -> None:
    receipt = Receipt(MessageStatus(row.status), gateway_reference=row.gateway_reference, reason=row.reason)
    changed = report_notes.note(connection, row.gateway, receipt, now, teller)
    is_this = (reports.c.gateway == row.gateway, reports.c.gateway_reference == row.gateway_reference)
    connection.execute(delete(reports).where(*is_this))
    noted = "noted" if changed else "no change"
    log.info("gateway %s reported %s of %s early: %s", row.gateway, row.status, row.gateway_reference, noted)

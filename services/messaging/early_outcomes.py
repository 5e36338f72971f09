"""What companies tell of mails before the answer to their send is stored: kept for some minutes, like early reports.

A mail may have several outcomes, and each may put its recipient on the suppression list, so all of them are kept.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from flask import Flask
from sqlalchemy import ColumnElement, Engine, delete
from sqlalchemy.exc import IntegrityError

from channels.receipts import Receipt
from domain.mail_outcomes import MailOutcome
from models import EarlyOutcome
from services.gateways import early_rows
from services.storage.transactions import statements

log = logging.getLogger(__name__)
_kept = EarlyOutcome.__table__
_READY = early_rows.ready(_kept).order_by(
    _kept.c.received_at, _kept.c.gateway, _kept.c.gateway_reference, _kept.c.outcome
)


def keep(gateway: str, receipt: Receipt, now: datetime) -> bool:
    """Keep an outcome of a mail that no message has the reference of; return whether there was room for it."""
    try:
        return early_rows.put(_kept, gateway, receipt, now, outcome=receipt.outcome)
    except IntegrityError:
        return True  # told twice


class EarlyOutcomes:
    """A duty of each worker: has those applied whose message has its reference by now, and forgets the old ones.

    `take` applies one report of a gateway. A worker that dies in between leaves the row; the next one has it applied
    again, which changes nothing.
    """

    def __init__(self, app: Flask, engine: Engine, take: Callable[[Receipt, str], None]):
        self._app, self._engine, self._take = app, engine, take

    def __call__(self, now: datetime) -> None:
        with self._engine.connect() as connection:
            if early_rows.is_empty(connection, _kept):
                return
            ready = connection.execute(_READY).all()
        with self._app.app_context():
            for row in ready:
                receipt = Receipt.of_mail(
                    MailOutcome(row.outcome), gateway_reference=row.gateway_reference, reason=row.reason
                )
                self._take(receipt, row.gateway)
                log.info("gateway %s told %s of %s early", row.gateway, row.outcome, row.gateway_reference)
                _forget(
                    _kept.c.gateway == row.gateway,
                    _kept.c.gateway_reference == row.gateway_reference,
                    _kept.c.outcome == row.outcome,
                )
            _forget(_kept.c.received_at < now - early_rows.KEPT)


def _forget(*which: ColumnElement[bool]) -> None:
    statements(lambda connection: connection.execute(delete(_kept).where(*which)))

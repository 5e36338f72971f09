"""Take in the delivery receipts of carriers."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from channels.receipts import ReadsReceipts, Receipt, ReceiptAnswer, ReceiptRequest
from domain.characters import has_control_characters
from domain.errors import NotFound
from services.events import message_news
from services.gateways import early_reports, report_notes, unknown_words
from services.roster.roster import current
from services.storage.transactions import transaction

log = logging.getLogger(__name__)


def take(
    name: str,
    *,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    of_mail: Callable[[Receipt, str], None] | None = None,
) -> ReceiptAnswer:
    """Apply the reports that a provider posts to `/receipts/<name>`; return the answer it expects.

    `of_mail` is given those with an outcome, and the gateway's name. A report of an unknown message, a repeated one and
    a late one change nothing; one that is faster than the answer to its send is kept until the message has its
    reference. Raises NotFound where no gateway of this name reads reports, ForgedReceipt and InvalidInput.
    """
    gateway = current().named(name)
    if not isinstance(gateway, ReadsReceipts):
        raise NotFound("no gateway of this name takes delivery reports")
    now = datetime.now(UTC)
    reports = gateway.read_receipts(ReceiptRequest(method, url, headers, body), now)
    for report in reports:
        if report.unknown_word is not None:
            unknown_words.note(name, report.unknown_word, now)
        elif report.outcome is not None and of_mail is not None and _may_be_ours(report):
            of_mail(report, name)
        elif report.status is not None and _may_be_ours(report):
            _take_one(name, report, now)
    return gateway.receipt_answer


def _may_be_ours(report: Receipt) -> bool:
    """Tell whether a row can have these references: PostgreSQL refuses NUL, and what is too long for the column."""
    given = (report.reference, report.gateway_reference)
    return not any(
        one and (len(one) > report_notes.REASON_LENGTH or has_control_characters(one)) for one in given
    )


def _take_one(name: str, report: Receipt, now: datetime) -> None:
    teller = message_news.teller()
    changed = transaction(lambda session: report_notes.note(session, name, report, now, teller))
    outcome = "noted" if changed else "no change"
    if not changed and not report.reference:
        is_known = transaction(lambda session: report_notes.is_known(session, name, report))
        if not is_known and early_reports.keep(name, report, now):
            outcome = "kept for a message that has no reference yet"
    of = report.reference or report.gateway_reference
    log.info("gateway %s reports %s of %s: %s", name, report.status, of, outcome)

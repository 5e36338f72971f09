from datetime import UTC, datetime, timedelta

import pytest

from channels.memory import MemoryGateway
from channels.receipts import Receipt, ReceiptAnswer
from domain.errors import ForgedReceipt, NotFound
from domain.gateway_errors import TemporaryGatewayError
from domain.statuses import Channel, MessageStatus
from exts import db
from models import Message
from services.codes import verifications
from services.codes.verifications import Request
from services.gateways import receipts

pytestmark = pytest.mark.usefixtures("context")
DELIVERED, UNDELIVERED = MessageStatus.DELIVERED, MessageStatus.UNDELIVERED


class ReportingGateway(MemoryGateway):
    """Reads the reports it was given, or refuses them as forged."""

    receipt_answer = ReceiptAnswer("thanks")

    def __init__(self):
        super().__init__("memory-sms", Channel.SMS)
        self.reports = []
        self.forged = False

    def read_receipts(self, request, now):
        if self.forged:
            raise ForgedReceipt("wrong signature")
        return self.reports


@pytest.fixture
def sms():
    return ReportingGateway()


@pytest.fixture
def sent(sms, owner):
    return verifications.issue(Request(Channel.SMS, "+8613800138000"), owner).message_id


def report(sms, *reports, name="memory-sms"):
    sms.reports = reports
    return receipts.take(name, method="POST", url="http://x/receipts/x", headers={}, body=b"")


def row(message_id):
    return db.session.get(Message, message_id, populate_existing=True)


@pytest.mark.parametrize(("status", "result"), [(DELIVERED, 0), (UNDELIVERED, -1)])
def test_a_report_moves_a_sent_message(sms, sent, status, result):
    answer = report(sms, Receipt(status, reference=sent, reason="x" * 400))
    assert answer.body == "thanks"
    assert (row(sent).status, row(sent).result, len(row(sent).error)) == (status, result, 255)


def test_a_message_is_found_by_the_providers_own_reference(sms, sent):
    report(sms, Receipt(DELIVERED, gateway_reference="memory-sms-1"))
    assert row(sent).status == "delivered"


def test_delivered_is_never_taken_back_and_repeated_or_late_reports_change_nothing(sms, sent):
    report(sms, Receipt(DELIVERED, reference=sent))
    settled_at = row(sent).settled_at
    report(sms, Receipt(UNDELIVERED, reference=sent, reason="late"), Receipt(DELIVERED, reference=sent))
    assert (row(sent).status, row(sent).error, row(sent).settled_at) == ("delivered", None, settled_at)


def test_the_first_final_one_of_reordered_reports_wins(sms, sent):
    report(
        sms,
        Receipt(None, reference=sent),
        Receipt(UNDELIVERED, reference=sent),
        Receipt(DELIVERED, reference=sent),
    )
    assert row(sent).status == "undelivered"


def test_an_unknown_message_changes_nothing_and_is_acknowledged(sms, sent):
    assert report(sms, Receipt(DELIVERED, reference="0" * 32)).body == "thanks"
    assert row(sent).status == "sent"


def test_a_gateway_reports_of_its_own_messages_only(sms, sent):
    message = row(sent)
    message.gateway = "another"
    db.session.commit()
    report(sms, Receipt(DELIVERED, reference=sent), Receipt(DELIVERED, gateway_reference="memory-sms-1"))
    assert row(sent).status == "sent"


def test_a_message_whose_try_had_an_unknown_result_is_not_sent_again_once_it_is_reported(sms, owner):
    sms.failures.append(TemporaryGatewayError("timed out"))
    waiting = verifications.issue(Request(Channel.SMS, "+8613800138000"), owner).message_id
    report(sms, Receipt(UNDELIVERED, reference=waiting))
    assert row(waiting).status == "queued"
    report(sms, Receipt(DELIVERED, reference=waiting))
    assert (row(waiting).status, row(waiting).due_at, row(waiting).sealed) == ("delivered", None, None)


def test_a_report_about_an_untried_message_is_ignored(sms, sent):
    message = row(sent)
    message.status, message.tries, message.due_at = "queued", 0, datetime.now(UTC) + timedelta(hours=1)
    db.session.commit()
    report(sms, Receipt(DELIVERED, reference=sent))
    assert row(sent).status == "queued"


def test_a_forged_report_is_refused(sms, sent):
    sms.forged = True
    with pytest.raises(ForgedReceipt):
        report(sms, Receipt(DELIVERED, reference=sent))
    assert row(sent).status == "sent"


@pytest.mark.parametrize("name", ["nobody", "memory-mail"])
def test_only_gateways_that_read_reports_take_them(sms, sent, name):
    with pytest.raises(NotFound):
        report(sms, Receipt(DELIVERED, reference=sent), name=name)

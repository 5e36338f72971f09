"""Reports that are faster than the answer to their send, and words that nobody knows."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from channels.memory import MemoryGateway
from channels.receipts import Receipt, ReceiptAnswer
from channels.registry import Gateways
from domain.statuses import Channel, Lane, MessageStatus
from exts import db
from models import EarlyReport, Message, UnknownWord
from services.codes import verifications
from services.codes.verifications import Request
from services.delivery import worker
from services.events import message_news
from services.gateways import early_reports, early_rows, receipts, unknown_words
from services.process.parts import part
from tests.servers.thread import wait_until

pytestmark = pytest.mark.usefixtures("context")
DELIVERED, UNDELIVERED = MessageStatus.DELIVERED, MessageStatus.UNDELIVERED


class Reporter(MemoryGateway):
    """Reads the reports that it was given."""

    receipt_answer = ReceiptAnswer("thanks")
    reports: tuple[Receipt, ...] = ()

    def __init__(self):
        super().__init__("memory-sms", Channel.SMS)
        self.known = {"KNOWN"}

    def read_receipts(self, request, now):
        return self.reports

    def knows_word(self, word):
        return word in self.known

    def send(self, outgoing):
        reference = super().send(outgoing)
        self.before_answering(reference)
        return reference

    def before_answering(self, reference):
        """Do nothing; a test may have it report before it answers."""


@pytest.fixture
def sms():
    return Reporter()


def report(sms, *reports):
    sms.reports = reports
    return receipts.take("memory-sms", method="POST", url="http://x/receipts/x", headers={}, body=b"")


def early(reference="memory-sms-1", status=DELIVERED, reason=None):
    return Receipt(status, gateway_reference=reference, reason=reason)


def send(owner):
    return verifications.issue(Request(Channel.SMS, "+8613800138000"), owner).message_id


def apply_all():
    early_reports.apply_all(db.engine, message_news.teller())


def row(message_id):
    db.session.rollback()
    return db.session.get(Message, message_id, populate_existing=True)


def kept():
    count = db.session.scalar(select(func.count()).select_from(EarlyReport))
    db.session.rollback()
    return count


def test_an_early_report_is_applied_when_the_message_has_its_reference(sms, owner):
    assert report(sms, early()).body == "thanks"
    apply_all()
    assert kept() == 1
    message_id = send(owner)
    assert row(message_id).status == "sent"
    apply_all()
    assert (row(message_id).status, kept()) == ("delivered", 0)


def test_the_first_early_report_counts_as_it_does_for_messages(sms, owner):
    report(sms, early(status=UNDELIVERED, reason="E5\r\n" + "x" * 400), early(), early())
    message_id = send(owner)
    apply_all()
    assert row(message_id).status == "undelivered"
    assert row(message_id).error.startswith("E5")


def test_a_report_of_a_known_message_is_not_kept(sms, owner):
    message_id = send(owner)
    report(sms, early(), early(), early(status=UNDELIVERED))
    assert (row(message_id).status, kept()) == ("delivered", 0)


def test_a_report_by_our_own_reference_is_not_kept(sms):
    report(sms, Receipt(DELIVERED, reference="nobody", gateway_reference="theirs"))
    assert kept() == 0


def test_a_delivered_message_is_not_taken_back_by_an_early_report(sms, owner):
    report(sms, early(status=UNDELIVERED))
    message_id = send(owner)
    report(sms, early())
    apply_all()
    assert (row(message_id).status, kept()) == ("delivered", 0)


def test_another_gateways_early_report_is_not_applied(sms, owner):
    early_reports.keep("another", early(), datetime.now(UTC))
    message_id = send(owner)
    apply_all()
    assert (row(message_id).status, kept()) == ("sent", 1)


def test_references_are_compared_byte_by_byte(sms, owner):
    for reference in ("Memory-sms-1", "memory-sms-1 ", "mémory-sms-1"):
        report(sms, early(reference))
    message_id = send(owner)
    apply_all()
    assert (row(message_id).status, kept()) == ("sent", 3)


def test_early_reports_are_forgotten_after_minutes(sms):
    with time_machine.travel(datetime.now(UTC) - timedelta(minutes=4), tick=False):
        report(sms, early("a"))
    with time_machine.travel(datetime.now(UTC) - timedelta(minutes=6), tick=False):
        report(sms, early("b"))
    apply_all()
    assert db.session.scalars(select(EarlyReport.gateway_reference)).all() == ["a"]


def test_early_reports_are_bounded(sms, monkeypatch):
    monkeypatch.setattr(early_rows, "MOST", 3)
    report(sms, *(early(f"r{number}") for number in range(9)))
    assert kept() == 3


def test_two_workers_apply_a_report_once(app, sms, owner):
    report(sms, *(early(f"memory-sms-{number}") for number in range(1, 6)))
    message_ids = [
        verifications.issue(Request(Channel.SMS, f"+861380013800{number}"), owner).message_id
        for number in range(5)
    ]
    gate = threading.Barrier(4)

    def work(_):
        with app.app_context():
            gate.wait()
            apply_all()
            return True

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(4)))
    assert {row(message_id).status for message_id in message_ids} == {"delivered"}
    assert kept() == 0


def test_a_running_worker_applies_reports_that_overtook_their_answers(app, sms, owner):
    def overtake(reference):
        with app.app_context():
            report(sms, early(reference))

    sms.before_answering = overtake
    app.config["CELERY_TASK_ALWAYS_EAGER"] = False
    db.session.remove()
    db.engine.dispose()  # a worker leaves what it finds open to its parent process
    worker.start(app, [Lane.SMS])
    try:
        message_id = send(owner)
        wait_until(lambda: row(message_id).status == "delivered")
    finally:
        worker.stop()
    assert kept() == 0


def unknown(word):
    return Receipt(None, gateway_reference="memory-sms-1", unknown_word=word)


def words(sms):
    found = {one.word: one.count for one in unknown_words.of(sms)}
    db.session.rollback()
    return found


def test_unknown_words_are_counted_and_change_nothing(sms, owner):
    message_id = send(owner)
    report(sms, unknown("HELIOTROPE"), unknown("HELIOTROPE"), unknown("heliotrope"), unknown("99"))
    assert row(message_id).status == "sent"
    assert words(sms) == {"HELIOTROPE": 2, "heliotrope": 1, "99": 1}


@pytest.mark.parametrize(
    "word", ["+8613800138000", "ann@example.org", "8613800138000", "493 817", "码", "x" * 65, "", "a\x00"]
)
def test_what_may_be_no_word_is_not_kept(sms, word):
    report(sms, unknown(word))
    assert words(sms) == {unknown_words.NO_WORD: 1}


def test_a_word_that_has_got_a_meaning_is_no_longer_shown(sms):
    report(sms, unknown("NEW"), unknown("OTHER"))
    sms.known.add("NEW")
    assert words(sms) == {"OTHER": 1}


def test_unknown_words_are_bounded(sms, monkeypatch):
    monkeypatch.setattr(unknown_words, "MOST", 2)
    report(sms, *(unknown(f"W{number}") for number in range(5)), unknown("W0"))
    assert words(sms) == {"W0": 2, "W1": 1}
    assert db.session.scalar(select(func.count()).select_from(UnknownWord)) == 2


def test_the_memory_gateway_is_asked_by_its_protocol(sms):
    assert part(Gateways).named("memory-sms") is sms
    assert unknown_words.of(MemoryGateway("plain", Channel.SMS)) == []

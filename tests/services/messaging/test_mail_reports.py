"""Bounces, complaints and events of mail companies: the message, the suppression list, and what programs are told."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from channels.memory import MemoryGateway
from channels.receipts import Receipt, ReceiptAnswer
from domain import bounce_addresses
from domain.codes import new_id
from domain.keyring import Keyring
from domain.mail_outcomes import MailOutcome
from domain.owners import Owner
from domain.statuses import Channel, Lane, SuppressionReason
from exts import db
from models import EarlyOutcome, Message
from services.codes import verifications
from services.codes.verifications import Request
from services.delivery import worker
from services.gateways import early_rows
from services.messaging import broadcasts, early_outcomes, mail_reports, messages, suppressions
from services.messaging.broadcasts import Request as BroadcastRequest
from services.messaging.messages import Request as MessageRequest
from services.process.parts import part
from services.webhooks import endpoints
from tests.channels.bounces.mails import complaint, delivery, vacation
from tests.servers.thread import wait_until
from tests.services.webhooks.conftest import at_once, told

__all__ = ["at_once"]

pytestmark = pytest.mark.usefixtures("context")
KIM = "kim@example.com"
BOUNCE, COMPLAINT = SuppressionReason.BOUNCE, SuppressionReason.COMPLAINT


class CompanyGateway(MemoryGateway):
    """A mail company that reports what became of its mails."""

    receipt_answer = ReceiptAnswer("thanks")

    def __init__(self):
        super().__init__("memory-mail", Channel.EMAIL)
        self.reports = []

    def read_receipts(self, request, now):
        return self.reports

    def send(self, outgoing):
        reference = super().send(outgoing)
        self.before_answering(reference)
        return reference

    def before_answering(self, reference):
        """Do nothing; a test may have it report before it answers."""


@pytest.fixture
def settings(settings):
    """Receivers of events are on this machine."""
    return {**settings, "WEBHOOK_ALLOW_PRIVATE": True}


@pytest.fixture
def mails():
    return CompanyGateway()


@pytest.fixture
def sent(owner):
    """A notice that a gateway has taken."""
    return send(owner)


def send(owner):
    asked = MessageRequest(channel=Channel.EMAIL, to="Kim@Example.com", subject="s", text="t")
    return messages.send(asked, owner).id


def verp(message_id, base="bounces@example.com", keyring=None):
    token = bounce_addresses.token(keyring or part(Keyring), message_id)
    assert token is not None
    return bounce_addresses.with_token(base, token)


def row(message_id):
    return db.session.get(Message, message_id, populate_existing=True)


def suppression():
    db.session.rollback()
    found = suppressions.find(Channel.EMAIL, KIM)
    return found and found.reason


def bulk_to_kim(owner):
    request = BroadcastRequest(channel=Channel.EMAIL, subject="s", text="t", recipients=[{"to": KIM}])
    return broadcasts.start(request, owner)


def test_a_hard_bounce_ends_the_message_and_bulk_mail_to_its_recipient_and_nothing_else(sent, owner):
    assert mail_reports.take_returned(delivery(to=verp(sent).upper())) == sent
    assert (row(sent).status, row(sent).result, row(sent).error) == ("undelivered", -1, "bounced: 5.1.1")
    assert suppression() is BOUNCE
    assert [one.code for one in bulk_to_kim(owner).rejected] == ["suppressed"]
    code = verifications.issue(Request(Channel.EMAIL, KIM), owner)
    assert row(code.message_id).status == "sent"
    again = messages.send(MessageRequest(channel=Channel.EMAIL, to=KIM, subject="s", text="t"), owner)
    assert row(again.id).status == "sent"


def test_a_soft_bounce_ends_the_message_only(sent):
    mail_reports.take_returned(delivery("failed", "4.4.7", "x", to=verp(sent)))
    assert (row(sent).status, row(sent).error, suppression()) == ("undelivered", "bounced: 4.4.7", None)


def test_a_delivered_mail_is_delivered_and_stays_so_also_where_it_bounces_later(sent):
    mail_reports.take_returned(delivery("delivered", "2.0.0", "x", to=verp(sent)))
    assert (row(sent).status, row(sent).error) == ("delivered", None)
    mail_reports.take_returned(delivery(to=verp(sent)))
    assert (row(sent).status, suppression()) == ("delivered", BOUNCE)


@pytest.mark.parametrize(
    "content", [delivery("delayed", "4.4.1"), vacation("x@y.org"), b"", b"\xff" * 100, complaint("not-spam")]
)
def test_other_mails_to_the_address_change_nothing(sent, content):
    assert mail_reports.take_returned(content, [verp(sent)]) is None
    assert (row(sent).status, suppression()) == ("sent", None)


def test_a_complaint_leaves_the_status_and_ends_bulk_mail(sent, owner):
    assert mail_reports.take_returned(complaint(message_id=sent)) == sent
    assert (row(sent).status, row(sent).error, suppression()) == ("sent", None, COMPLAINT)
    mail_reports.take_returned(complaint(mail_from=verp(sent), message_id=new_id()))
    assert row(sent).status == "sent"


def test_without_a_bounce_address_the_returned_mail_names_its_message(sent):
    assert mail_reports.take_returned(delivery(to="no-reply@example.com", message_id=sent)) == sent
    assert row(sent).status == "undelivered"


def test_the_servers_word_for_the_recipient_counts_where_the_mail_does_not_name_it(sent):
    content = delivery(to="undisclosed-recipients:;", message_id=new_id())
    assert mail_reports.take_returned(content, [verp(sent)]) == sent


def test_a_forged_token_changes_nothing_whatever_else_the_mail_says(sent):
    forged = verp(sent, keyring=Keyring(["f" * 32]))
    assert mail_reports.take_returned(delivery(to=forged, message_id=sent)) is None
    assert (row(sent).status, suppression()) == ("sent", None)


def test_a_token_is_good_for_ten_days_after_the_send(sent):
    with time_machine.travel(datetime.now(UTC) + timedelta(days=10, minutes=1)):
        assert mail_reports.take_returned(delivery(to=verp(sent))) is None
    assert (row(sent).status, suppression()) == ("sent", None)
    with time_machine.travel(datetime.now(UTC) + timedelta(days=9, hours=23)):
        assert mail_reports.take_returned(delivery(to=verp(sent))) == sent


def test_a_message_that_is_no_mail_of_ours_changes_nothing(sent, owner):
    sms = messages.send(MessageRequest(channel=Channel.SMS, to="+8613800138000", text="t"), owner)
    test = messages.send(
        MessageRequest(channel=Channel.EMAIL, to=KIM, subject="s", text="t"), Owner("key:t", is_test=True)
    )
    for message_id in (new_id(), sms.id, test.id):
        assert mail_reports.take_returned(delivery(to=verp(message_id))) is None
    assert (row(sms.id).status, row(test.id).status, suppression()) == ("sent", "sent", None)


def test_a_mail_that_was_never_handed_over_has_no_reports(owner):
    later = datetime.now(UTC) + timedelta(hours=1)
    asked = MessageRequest(channel=Channel.EMAIL, to=KIM, subject="s", text="t", send_at=later)
    waiting = messages.send(asked, owner).id
    assert mail_reports.take_returned(delivery(to=verp(waiting))) is None
    assert row(waiting).status == "queued"


def test_a_repeated_bounce_finishes_what_the_first_one_did_not(sent, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(suppressions, "add", broken)
        with pytest.raises(RuntimeError):
            mail_reports.take_returned(delivery(to=verp(sent)))
    assert (row(sent).status, suppression()) == ("undelivered", None)
    settled_at = row(sent).settled_at
    assert mail_reports.take_returned(delivery(to=verp(sent))) == sent
    assert (row(sent).settled_at, suppression()) == (settled_at, BOUNCE)


def test_a_bounce_is_told_to_its_sender_and_to_those_who_sent_bulk_mail_once_each(sent, owner):
    bulk_to_kim(Owner("key:shop"))
    for listener in (owner.id, "key:shop"):
        endpoints.create("http://127.0.0.1:9/", owner=listener)
    for _ in range(2):
        mail_reports.take_returned(delivery(to=verp(sent)))
    events = told()
    assert sorted(kind for kind, _ in events) == ["message.undelivered", "recipient.bounced"]
    assert dict(events)["message.undelivered"]["id"] == sent
    assert dict(events)["recipient.bounced"] == {"channel": "email", "to": KIM, "reason": "bounce"}


def test_a_bounced_code_is_told_as_undelivered(owner):
    endpoints.create("http://127.0.0.1:9/", owner=owner.id)
    code = verifications.issue(Request(Channel.EMAIL, KIM), owner)
    mail_reports.take_returned(delivery(to=verp(code.message_id)))
    kinds = [kind for kind, _ in told()]
    assert {"message.undelivered", "verification.undelivered", "recipient.bounced"} <= set(kinds)


def post(mails, *reports, name="memory-mail"):
    mails.reports = reports
    return mail_reports.take_posted(name, method="POST", url="http://x/receipts/x", headers={}, body=b"")


@pytest.mark.parametrize(
    ("outcome", "status", "reason"),
    [
        (MailOutcome.DELIVERED, "delivered", None),
        (MailOutcome.HARD_BOUNCE, "undelivered", BOUNCE),
        (MailOutcome.SOFT_BOUNCE, "undelivered", None),
        (MailOutcome.COMPLAINT, "sent", COMPLAINT),
        (MailOutcome.UNSUBSCRIBE, "sent", SuppressionReason.UNSUBSCRIBED),
    ],
)
def test_a_companys_event_does_what_a_mail_about_it_would(mails, sent, outcome, status, reason):
    for _ in range(2):
        answer = post(mails, Receipt.of_mail(outcome, reference=sent, reason="its words"))
    assert (answer.body, row(sent).status, suppression()) == ("thanks", status, reason)
    assert row(sent).error == (None if status == "sent" else "its words")


def test_a_company_names_a_mail_by_its_own_reference_and_no_mail_of_another(mails, sent):
    post(mails, Receipt.of_mail(MailOutcome.HARD_BOUNCE, gateway_reference="memory-mail-1"))
    assert row(sent).status == "undelivered"
    post(mails, Receipt.of_mail(MailOutcome.COMPLAINT, reference="0\0"))
    message = row(sent)
    message.gateway, message.status = "another", "sent"
    db.session.commit()
    post(mails, Receipt.of_mail(MailOutcome.DELIVERED, reference=sent))
    assert row(sent).status == "sent"


def early(outcome, reference="memory-mail-1", reason=None):
    return Receipt.of_mail(outcome, gateway_reference=reference, reason=reason)


def apply_early(app):
    db.session.rollback()
    mail_reports.early(app, db.engine)(datetime.now(UTC))


def kept():
    rows = db.session.scalars(select(EarlyOutcome.outcome).order_by(EarlyOutcome.outcome)).all()
    db.session.rollback()
    return list(rows)


@pytest.mark.parametrize(
    ("outcome", "status", "reason"),
    [
        (MailOutcome.HARD_BOUNCE, "undelivered", BOUNCE),
        (MailOutcome.COMPLAINT, "sent", COMPLAINT),
        (MailOutcome.UNSUBSCRIBE, "sent", SuppressionReason.UNSUBSCRIBED),
    ],
)
def test_what_comes_before_the_answer_to_its_send_is_applied_when_the_mail_has_its_reference(
    app, mails, owner, outcome, status, reason
):
    for _ in range(2):
        assert post(mails, early(outcome, reason="5.1.1\r\n" + "x" * 400)).body == "thanks"
    apply_early(app)
    assert kept() == [outcome]
    message_id = send(owner)
    assert (row(message_id).status, suppression()) == ("sent", None)
    for _ in range(2):
        apply_early(app)
        assert (row(message_id).status, suppression(), kept()) == (status, reason, [])
    if status == "undelivered":
        assert row(message_id).error.startswith("5.1.1")


def test_every_early_outcome_of_a_mail_counts(app, mails, owner):
    post(mails, early(MailOutcome.UNSUBSCRIBE), early(MailOutcome.HARD_BOUNCE))
    message_id = send(owner)
    apply_early(app)
    assert (row(message_id).status, suppression(), kept()) == ("undelivered", BOUNCE, [])


def test_an_outcome_of_a_known_mail_and_one_by_our_own_reference_are_not_kept(mails, sent):
    post(mails, early(MailOutcome.COMPLAINT), Receipt.of_mail(MailOutcome.COMPLAINT, reference="nobody"))
    assert (kept(), suppression()) == ([], COMPLAINT)


def test_early_outcomes_are_of_one_gateway_and_compared_byte_by_byte(app, mails, owner):
    early_outcomes.keep("another", early(MailOutcome.COMPLAINT), datetime.now(UTC))
    post(mails, *(early(MailOutcome.HARD_BOUNCE, one) for one in ("Memory-mail-1", "memory-mail-1 ")))
    message_id = send(owner)
    apply_early(app)
    assert (row(message_id).status, suppression(), len(kept())) == ("sent", None, 3)


def test_early_outcomes_are_forgotten_after_minutes_and_bounded(app, mails, monkeypatch):
    monkeypatch.setattr(early_rows, "MOST", 3)
    for minutes, reference in ((6, "old"), (4, "young")):
        with time_machine.travel(datetime.now(UTC) - timedelta(minutes=minutes), tick=False):
            post(mails, early(MailOutcome.COMPLAINT, reference))
    apply_early(app)
    assert db.session.scalars(select(EarlyOutcome.gateway_reference)).all() == ["young"]
    post(mails, *(early(MailOutcome.COMPLAINT, f"r{number}") for number in range(9)))
    assert len(kept()) == 3


def test_two_workers_apply_an_early_outcome_once(app, mails, owner):
    post(mails, *(early(MailOutcome.HARD_BOUNCE, f"memory-mail-{number}") for number in range(1, 6)))
    message_ids = [send(owner) for _ in range(5)]
    gate = threading.Barrier(4)

    def work(_):
        with app.app_context():
            gate.wait()
            apply_early(app)
            return True

    db.session.rollback()
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(4)))
    assert {row(message_id).status for message_id in message_ids} == {"undelivered"}
    assert (suppression(), kept()) == (BOUNCE, [])


def test_a_running_worker_applies_a_bounce_that_overtook_its_answer(app, mails, owner):
    def overtake(reference):
        with app.app_context():
            post(mails, early(MailOutcome.HARD_BOUNCE, reference))

    mails.before_answering = overtake
    app.config["CELERY_TASK_ALWAYS_EAGER"] = False
    db.session.remove()
    db.engine.dispose()  # a worker leaves what it finds open to its parent process
    worker.start(app, [Lane.EMAIL], [mail_reports.early(app, db.engine)])
    try:
        message_id = send(owner)
        wait_until(lambda: row(message_id).status == "undelivered")
    finally:
        worker.stop()
    assert (suppression(), kept()) == (BOUNCE, [])

"""What is told of what happens, on every kind of database: in the same transaction, with the data of a GET, no code."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import event as sql_event
from sqlalchemy import func, select

from api.schemas import broadcasts as broadcast_wire
from api.schemas import messages as message_wire
from api.schemas import verifications as verification_wire
from api.verifications import _wire
from channels.receipts import Receipt
from domain.errors import VerificationLocked
from domain.fallback import GivenStep
from domain.gateway_errors import GatewayError
from domain.keyring import Keyring
from domain.owners import Owner
from domain.statuses import Channel, MessageStatus, SuppressionReason
from exts import db
from models import Event, EventDelivery, Message, Verification, clock
from services.audit.trail import COMMAND_LINE
from services.codes import checks, telling, verifications
from services.codes.due_steps import DueSteps
from services.codes.verifications import Request
from services.delivery import settling
from services.events import listeners, message_news
from services.events.listeners import Listeners
from services.gateways.gateway_health import LocalHealth
from services.limits import pumping_watch
from services.messaging import broadcast_views, broadcasts, message_views, messages, suppressions
from services.messaging.broadcasts import Request as BroadcastRequest
from services.messaging.messages import Request as MessageRequest
from services.outbox.bell import Bell
from services.process.parts import part
from services.storage.transactions import transaction
from services.traffic import bulk_cancels, verification_lists
from services.webhooks import endpoints
from services.webhooks.watching import FinishedBroadcasts, GatewayWatch
from tests.services.gateways.test_receipts import ReportingGateway, report
from tests.services.webhooks.conftest import post_all, told

pytestmark = pytest.mark.usefixtures("context")
PHONE = "+8613800138000"
URL = "https://example.com/hook"


@pytest.fixture
def sms():
    return ReportingGateway()


@pytest.fixture
def listening(context, owner):
    """An endpoint that hears of everything that the owner does."""
    return endpoints.create("http://127.0.0.1:9/", owner=owner.id)


def later(**span):
    return time_machine.travel(datetime.now(UTC) + timedelta(**span), tick=True)


def issue(owner, to=PHONE, **more):
    return verifications.issue(Request(Channel.SMS, to, **more), owner)


def kinds():
    return [kind for kind, _ in told()]


def wrong(code):
    return code[:-1] + ("0" if code[-1] != "0" else "1")


def as_answered(schema, view):
    return json.loads(json.dumps(schema.dump(view)))


@pytest.mark.usefixtures("listening")
def test_a_code_is_told_from_its_creation_to_its_approval(sms, owner):
    issued = issue(owner, metadata={"user": "42"})
    checks.check(issued.id, sms.sent[-1].params["code"], owner)
    assert kinds() == ["verification.created", "message.sent", "verification.sent", "verification.approved"]
    data = dict(told())
    assert data["verification.created"]["status"] == "pending"
    assert data["verification.created"]["message"] == {"id": issued.message_id, "status": "queued"}
    assert data["verification.sent"]["message"] == {"id": issued.message_id, "status": "sent"}
    assert data["verification.approved"]["status"] == "approved"
    assert data["verification.approved"]["metadata"] == {"user": "42"}


@pytest.mark.usefixtures("listening")
def test_the_data_is_what_the_api_answers_to_a_get(sms, owner):
    issued = issue(owner)
    data = dict(told())
    now = verifications.get(issued.id, owner)
    shown = as_answered(verification_wire.Verification(), _wire(now))
    assert data["verification.sent"] == shown
    assert list(data["verification.sent"]) == list(shown)
    message = as_answered(message_wire.Message(), message_views.get(issued.message_id, owner))
    assert data["message.sent"] == message
    assert list(data["message.sent"]) == list(message)


@pytest.mark.usefixtures("listening")
def test_each_step_of_a_fallback_is_told_with_all_steps(app, sms, mails, owner):
    issued = issue(owner, fallback=(GivenStep(Channel.EMAIL, "kim@example.org", 30),))
    created = dict(told())["verification.created"]
    assert [step["status"] for step in created["steps"]] == ["queued", "waiting"]
    report(sms, Receipt(MessageStatus.UNDELIVERED, reference=issued.message_id))
    DueSteps(app, db.engine)(clock.now())
    db.session.rollback()
    assert kinds()[-2:] == ["message.sent", "verification.sent"]
    sent = told()[-1][1]
    assert sent["message"] == sent["steps"][1]["message"]
    assert [(step["channel"], step["status"]) for step in sent["steps"]] == [
        ("sms", "undelivered"),
        ("email", "sent"),
    ]
    now = verifications.get(issued.id, owner)
    assert sent == as_answered(verification_wire.Verification(), _wire(now))
    checks.check(issued.id, mails.sent[0].params["code"], owner)
    assert len(dict(told())["verification.approved"]["steps"]) == 2


@pytest.mark.usefixtures("listening")
def test_delivery_reports_are_told_once(sms, owner):
    issued = issue(owner)
    for _ in range(2):
        report(sms, Receipt(MessageStatus.DELIVERED, reference=issued.message_id))
    report(sms, Receipt(MessageStatus.UNDELIVERED, reference=issued.message_id))
    assert kinds()[-2:] == ["message.delivered", "verification.delivered"]
    assert kinds().count("message.delivered") == 1
    assert "message.undelivered" not in kinds()
    other = issue(owner, "+8613800138001")
    report(sms, Receipt(MessageStatus.UNDELIVERED, reference=other.message_id, reason="absent"))
    assert kinds()[-2:] == ["message.undelivered", "verification.undelivered"]
    assert dict(told())["message.undelivered"]["error"] == "absent"


@pytest.mark.usefixtures("listening")
def test_the_last_wrong_guess_tells_of_the_lock_at_once(sms, owner):
    issued = issue(owner)
    code = sms.sent[-1].params["code"]
    for guess in range(5):
        assert "verification.locked" not in kinds()
        checks.check(issued.id, wrong(code), owner)
        assert ("verification.locked" in kinds()) == (guess == 4)
    with pytest.raises(VerificationLocked):
        checks.check(issued.id, code, owner)
    assert kinds().count("verification.locked") == 1
    locked = dict(told())["verification.locked"]
    assert (locked["status"], locked["attempts_left"]) == ("locked", 0)
    due = db.session.scalars(
        select(EventDelivery.due_at).join(Event, Event.id == EventDelivery.event_id)
    ).all()
    assert all(at <= clock.now() for at in due)


@pytest.mark.usefixtures("listening")
def test_a_right_guess_with_the_last_attempt_tells_of_no_lock(sms, owner):
    issued = issue(owner)
    code = sms.sent[-1].params["code"]
    for _ in range(4):
        checks.check(issued.id, wrong(code), owner)
    assert checks.check(issued.id, code, owner).valid
    assert kinds()[-1] == "verification.approved"
    assert "verification.locked" not in kinds()


@pytest.mark.usefixtures("listening")
def test_a_process_killed_between_count_and_comparison_has_told_of_the_lock(sms, owner, monkeypatch):
    issued = issue(owner)
    code = sms.sent[-1].params["code"]
    for _ in range(4):
        checks.check(issued.id, wrong(code), owner)
    monkeypatch.setattr(checks, "_matches", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        checks.check(issued.id, wrong(code), owner)
    assert "verification.locked" in kinds()
    due = db.session.scalars(
        select(EventDelivery.due_at)
        .join(Event, Event.id == EventDelivery.event_id)
        .where(Event.type == "verification.locked")
    ).one()
    assert timedelta() < due - clock.now() <= telling.DOUBT


@pytest.mark.usefixtures("listening")
def test_canceled_one_by_one_and_in_bulk(owner):
    verifications.cancel(issue(owner).id, owner)
    assert kinds().count("verification.canceled") == 1
    issue(owner, "+8613800138001")
    issue(owner, "+8613800138002")
    assert bulk_cancels.cancel(verification_lists.Filter(), by=COMMAND_LINE) == 2
    assert kinds().count("verification.canceled") == 3
    assert {data["status"] for kind, data in told() if kind == "verification.canceled"} == {"canceled"}


@pytest.mark.usefixtures("listening")
def test_expired_codes_are_told_once_and_only_those_that_were_open(sms, owner):
    approved, open_one, locked = issue(owner), issue(owner, "+8613800138001"), issue(owner, "+8613800138002")
    codes = [message.params["code"] for message in sms.sent]
    checks.check(approved.id, codes[0], owner)
    for _ in range(5):
        checks.check(locked.id, wrong(codes[2]), owner)
    with later(seconds=301):
        for _ in range(2):
            telling.erase_and_tell(part(Listeners), db.engine, clock.now())
    expired = [data for kind, data in told() if kind == "verification.expired"]
    assert [one["id"] for one in expired] == [open_one.id]
    assert expired[0]["status"] == "expired"
    assert db.session.scalar(select(func.count()).where(Verification.sealed_code.is_not(None))) == 0


def test_codes_are_erased_although_nobody_listens(sms, owner):
    issue(owner)
    with later(seconds=301):
        telling.erase_and_tell(part(Listeners), db.engine, clock.now())
    assert db.session.scalar(select(func.count()).where(Verification.sealed_code.is_not(None))) == 0
    assert told() == []


@pytest.mark.usefixtures("listening")
def test_a_message_that_fails_and_one_that_expires(sms, owner):
    sms.failures.append(GatewayError("no such subscriber"))
    messages.send(MessageRequest(channel=Channel.SMS, to=PHONE, text="hello"), owner)
    assert kinds() == ["message.failed"]
    assert told()[0][1]["error"] == "no such subscriber"
    send_at = datetime.now(UTC) + timedelta(hours=1)
    messages.send(MessageRequest(channel=Channel.SMS, to=PHONE, text="hello", send_at=send_at), owner)
    with later(days=3):
        part(Bell).ring(verifications.Lane.SMS)
        with db.engine.begin() as connection:
            assert settling.expire(connection, clock.now(), message_news.teller()) == 1
    assert kinds() == ["message.failed", "message.expired"]
    assert told()[1][1]["status"] == "expired"


@pytest.mark.usefixtures("listening")
def test_a_finished_broadcast_is_told_once_with_its_counts(owner):
    send = BroadcastRequest(channel=Channel.SMS, text="hi", recipients=[{"to": PHONE}, {"to": "nobody"}])
    accepted = broadcasts.start(send, owner)
    watch = FinishedBroadcasts(db.engine, part(Listeners))
    watch(clock.now())
    with later(seconds=3):
        watch(clock.now())
    finished = [data for kind, data in told() if kind == "broadcast.finished"]
    assert len(finished) == 1
    shown = as_answered(broadcast_wire.Broadcast(), broadcast_views.get(accepted.id, owner))
    assert finished == [shown]
    assert shown["status"] == "done"


def test_a_broadcast_that_finished_before_the_endpoint_was_made_is_not_told(owner):
    broadcasts.start(BroadcastRequest(channel=Channel.SMS, text="hi", recipients=[{"to": PHONE}]), owner)
    endpoints.create("http://127.0.0.1:9/", owner=owner.id)
    FinishedBroadcasts(db.engine, part(Listeners))(clock.now())
    assert told() == []


@pytest.mark.usefixtures("listening")
def test_a_broadcast_that_still_sends_is_not_finished(owner):
    send_at = datetime.now(UTC) + timedelta(hours=1)
    later_one = BroadcastRequest(channel=Channel.SMS, text="hi", recipients=[{"to": PHONE}], send_at=send_at)
    started = broadcasts.start(later_one, owner)
    watch = FinishedBroadcasts(db.engine, part(Listeners))
    watch(clock.now())
    assert told() == []
    broadcasts.cancel(started.id, owner)
    with later(seconds=3):
        watch(clock.now())
    assert kinds() == ["broadcast.finished"]
    assert told()[0][1]["status"] == "canceled"


@pytest.mark.usefixtures("listening")
def test_those_who_sent_to_a_recipient_hear_that_it_unsubscribed(owner):
    broadcasts.start(BroadcastRequest(channel=Channel.SMS, text="hi", recipients=[{"to": PHONE}]), owner)
    suppressions.add(Channel.SMS, PHONE, SuppressionReason.UNSUBSCRIBED, by=None)
    suppressions.add(Channel.SMS, "+8613800138999", SuppressionReason.UNSUBSCRIBED, by=None)
    suppressions.add(Channel.SMS, PHONE, SuppressionReason.BOUNCE, by=None)
    suppressions.add(Channel.SMS, "+8613800138998", SuppressionReason.OPERATOR)
    ours = [(kind, data) for kind, data in told() if kind.startswith("recipient")]
    assert ours == [
        ("recipient.unsubscribed", {"channel": "sms", "to": PHONE, "reason": "unsubscribed"}),
        ("recipient.bounced", {"channel": "sms", "to": PHONE, "reason": "bounce"}),
    ]


def test_a_gateway_that_goes_down_and_comes_up_is_told_once_each(owner):
    endpoints.create("http://127.0.0.1:9/", owner=owner.id, events=["gateway.down", "gateway.up"])
    health = LocalHealth()

    def watch(holder="worker@a"):
        return GatewayWatch(
            db.engine, part(Listeners), health, lambda: {"main": "sms", "other": "sms"}, holder
        )

    first, other = watch(), watch("worker@b")
    first(clock.now())
    for _ in range(5):
        health.failed("main")
    for _ in range(2):
        first(clock.now())
        other(clock.now())
    assert told() == [("gateway.down", {"name": "main", "channel": "sms", "status": "down"})]
    watch()(clock.now())
    assert len(told()) == 1, "a worker that starts anew knows what was told"
    health.succeeded("main")
    first(clock.now())
    assert kinds() == ["gateway.down", "gateway.up"]


def test_a_closed_prefix_is_told_in_its_transaction(app, owner):
    endpoints.create("http://127.0.0.1:9/")
    settings = {**app.config, "PUMPING_GUARD_SENDS_PER_HOUR": 3}
    for number in range(3):
        issue(owner, f"+861380013800{number}")
    pumping_watch.look(db.engine, settings, clock.now(), part(Listeners))
    kind, data = told()[-1]
    assert kind == "guard.closed"
    assert data["prefix"] == "+861380013"
    assert (data["country"], data["sends"], data["approved"]) == ("CN", 3, 0)
    assert data["until"] > data["closed_at"]


@pytest.mark.usefixtures("listening")
def test_no_event_of_what_was_rolled_back(owner):
    def work(session):
        session.add(Message())
        raise ZeroDivisionError

    issued = issue(owner)
    before = kinds()
    with pytest.raises(ZeroDivisionError):
        checks_with(issued, owner, work)
    assert kinds() == before


def checks_with(issued, owner, effect):
    """Check with the right code; `effect` is part of the transaction."""
    code = part(Keyring).open(
        db.session.scalars(select(Verification.sealed_code).where(Verification.id == issued.id)).one(),
        row=issued.id,
    )
    db.session.rollback()
    return checks.check(issued.id, code.decode(), owner, effect=effect)


def test_others_hear_nothing(owner):
    endpoints.create("http://127.0.0.1:9/", owner="key:another")
    endpoints.create("http://127.0.0.1:9/", owner=owner.id, events=["gateway.up"])
    issue(owner)
    assert told() == []


def test_an_endpoint_of_the_installation_hears_of_every_owner(owner):
    endpoints.create("http://127.0.0.1:9/")
    issue(owner)
    issue(Owner("session:jane"), "+8613800138001")
    assert kinds().count("verification.created") == 2


def test_each_listener_gets_a_delivery_of_one_event(owner):
    for _ in range(2):
        endpoints.create("http://127.0.0.1:9/", owner=owner.id, events=["verification.created"])
    issue(owner)
    assert kinds() == ["verification.created"]
    assert db.session.scalar(select(func.count()).select_from(EventDelivery)) == 2


@pytest.mark.usefixtures("listening")
def test_no_byte_of_any_event_is_the_code(sms, owner):
    issued = issue(owner)
    code = sms.sent[-1].params["code"]
    checks.check(issued.id, wrong(code), owner)
    verifications.cancel(issued.id, owner)
    post_all()
    data = [json.dumps({k: v for k, v in body.items() if not k.endswith("_at")}) for _, body in told()]
    assert len(data) >= 4
    assert not [one for one in data if code in one]
    answers = db.session.scalars(select(EventDelivery)).all()
    assert not [one for one in answers if code in f"{one.answer} {one.error} {one.url}"]


def test_where_nobody_listens_nothing_is_written_and_next_to_nothing_asked(sms, owner):
    part(Listeners)._seconds = 60.0  # a busy machine takes longer than they stay fresh
    issue(owner)
    asked = []
    sql_event.listen(db.engine, "before_cursor_execute", lambda *all_of: asked.append(all_of[2]))
    for number in range(1, 4):
        issued = issue(owner, f"+86138001381{number:02}")
        checks.check(issued.id, sms.sent[-1].params["code"], owner)
    assert told() == []
    looks = [one for one in asked if "webhook" in one]
    assert len(looks) <= 4, "the listeners are cached"
    assert not [one for one in asked if "INSERT INTO event" in one]


def test_a_failed_look_for_listeners_is_not_remembered(owner, monkeypatch):
    monkeypatch.setattr(listeners, "read", lambda *_: 1 / 0)
    part(Listeners).forget()
    with pytest.raises(ZeroDivisionError):
        transaction(listeners.listening)
    monkeypatch.undo()
    assert transaction(listeners.listening) == ()

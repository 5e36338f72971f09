"""Call-backs of messages that came by Twilio's interface, posted and signed as its SDK expects."""

import json
from urllib.parse import parse_qsl

import pytest
from sqlalchemy import select
from twilio.request_validator import RequestValidator

from channels.receipts import Receipt
from domain.owners import Owner
from domain.statuses import Channel, MessageStatus
from exts import db
from models import Event, EventDelivery, Message, clock
from services.events import message_news
from services.gateways import report_notes
from services.keys import api_keys, twilio_tokens
from services.messaging import messages, status_callbacks
from services.messaging.messages import Request
from tests.services.webhooks.conftest import post_all

pytestmark = pytest.mark.usefixtures("context")
PHONE = "+8613800138000"


@pytest.fixture(autouse=True)
def heard_at_once(monkeypatch):
    """Let no message wait for other processes: there are none."""
    monkeypatch.setattr(status_callbacks, "HEARD_AFTER", status_callbacks.HEARD_AFTER * 0)


@pytest.fixture
def key():
    return api_keys.create("shop")[0]


@pytest.fixture
def token(key):
    return twilio_tokens.give(key.id)[1].auth_token


def send(key, url, text="Hello"):
    request = Request(Channel.SMS, PHONE, text=text, status_callback=url)
    return messages.send(request, Owner(f"key:{key.id}"))


def form(call):
    return dict(parse_qsl(call.body.decode(), keep_blank_values=True))


def test_each_status_is_posted_and_its_signature_is_valid(receiver, key, token, sms):
    made = send(key, f"{receiver.url}?shop=1")
    post_all()
    reference = db.session.get(Message, made.id).gateway_reference
    receipt = Receipt(MessageStatus.DELIVERED, gateway_reference=reference)
    report_notes.note(db.session(), "memory-sms", receipt, clock.now(), message_news.teller())
    db.session.commit()
    post_all()
    assert [form(call)["MessageStatus"] for call in receiver.calls] == ["sent", "delivered"]
    for call in receiver.calls:
        assert form(call)["MessageSid"] == form(call)["SmsSid"] == f"SM{made.id}"
        assert (form(call)["AccountSid"], form(call)["To"]) == (f"AC{key.id}", PHONE)
        signed = call.headers["x-twilio-signature"]
        assert RequestValidator(token).validate(f"{receiver.url}?shop=1", form(call), signed)
        assert not RequestValidator("0" * 32).validate(f"{receiver.url}?shop=1", form(call), signed)


def test_the_newest_token_signs(receiver, key, token):
    newer = twilio_tokens.give(key.id)[1].auth_token
    send(key, receiver.url)
    post_all()
    (call,) = receiver.calls
    signed = call.headers["x-twilio-signature"]
    assert RequestValidator(newer).validate(receiver.url, form(call), signed)


def test_a_user_and_password_of_the_address_are_sent_as_such_and_in_no_row(receiver, key, token):
    url = receiver.url.replace("http://", "http://kim:s3cret@")
    send(key, url)
    post_all()
    (call,) = receiver.calls
    assert call.headers["authorization"] == "Basic a2ltOnMzY3JldA=="
    for row in [*db.session.scalars(select(Event)), *db.session.scalars(select(EventDelivery))]:
        assert "s3cret" not in str(vars(row))
        assert token not in str(vars(row))


def test_others_get_none_and_without_a_token_nothing_is_posted(receiver, key):
    send(key, receiver.url)
    messages.send(Request(Channel.SMS, PHONE, text="x"), Owner(f"key:{key.id}"))
    post_all()
    assert receiver.calls == []
    assert db.session.scalars(select(Event)).all() == []


def test_a_call_back_is_tried_again_and_holds_no_text(receiver, key, token):
    receiver.usual = receiver.usual.__class__(500)
    send(key, receiver.url, text="a secret offer")
    post_all()
    row = db.session.scalars(select(EventDelivery)).one()
    assert (row.status, row.tries, row.answer_status) == ("waiting", 1, 500)
    assert "offer" not in json.dumps([one.data for one in db.session.scalars(select(Event))])


def test_its_message_starts_a_moment_late_so_that_every_worker_knows(receiver, key, token, monkeypatch, sms):
    monkeypatch.undo()
    made = send(key, receiver.url)
    row = db.session.get(Message, made.id)
    assert (row.due_at - row.created_at).total_seconds() == pytest.approx(0.25, abs=0.05)
    assert sms.sent == []

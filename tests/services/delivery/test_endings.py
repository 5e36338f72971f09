"""What becomes of a test key's message: its destination says so, and everybody hears of it as of a real one."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from channels.registry import Gateways
from domain.endings import SLOW_SECONDS, Ending, ending_of
from domain.events import INSTALLATION, EventType
from domain.keyring import Keyring
from domain.owners import Owner
from domain.statuses import Channel, Lane
from exts import db
from models import Event, Message
from services.codes import verifications
from services.delivery import worker
from services.delivery.drain import Drain
from services.delivery.sender import Sender
from services.gateways.gateway_health import GatewayHealth
from services.gateways.routing import Router
from services.limits.rate_windows import RateWindows
from services.messaging import broadcast_views, broadcasts, messages
from services.process.parts import part
from services.webhooks import endpoints

pytestmark = pytest.mark.usefixtures("context")
KEY = Owner("key:t", is_test=True)
ENDINGS = [
    ("0001", "delivered", 0),
    ("0002", "undelivered", -1),
    ("0003", "failed", -1),
    ("0004", "expired", -1),
    ("0009", "sent", 0),
]


@pytest.fixture(autouse=True)
def nobody_gets_anything(sms, mails):
    yield
    assert sms.sent == mails.sent == []


def destinations(digits, name):
    return [(Channel.SMS, f"+861380013{digits}"), (Channel.EMAIL, f"{name.capitalize()}@example.org")]


def row_of(to):
    db.session.rollback()
    return db.session.scalars(select(Message).where(Message.to == to)).one()


def happened():
    db.session.rollback()
    return sorted(db.session.scalars(select(Event.type)))


def listen():
    endpoints.create("https://8.8.8.8/hook", owner=INSTALLATION)


@pytest.mark.parametrize(
    ("to", "ending"),
    [
        ("+8613800130001", Ending.DELIVERED),
        ("+8613800130005", Ending.SLOW),
        ("+8613800130006", None),
        ("+8613800130000", None),
        ("undelivered@example.org", Ending.UNDELIVERED),
        ("failed+x@example.org", None),
        ("0003@example.org", None),
        ("kim@failed", None),
    ],
)
def test_what_a_destination_asks_for(to, ending):
    assert ending_of(to) is ending


@pytest.mark.parametrize(("digits", "name", "result"), ENDINGS)
def test_a_message_ends_as_its_destination_asks(digits, name, result):
    for channel, to in destinations(digits, name):
        made = messages.send(messages.Request(channel, to, subject=_subject(channel), text="Hello"), KEY)
        row = row_of(to)
        assert (made.id, row.status, row.result) == (row.id, name, result)
        assert (row.due_at, row.lease_token) == (None, None)
        assert row.settled_at is not None
        assert (row.sent_at is not None) == (name in ("sent", "delivered", "undelivered"))
        assert row.gateway == (None if name == "expired" else "test")


def _subject(channel):
    return "Hello" if channel is Channel.EMAIL else None


@pytest.mark.parametrize(("digits", "name", "result"), ENDINGS)
def test_a_verification_is_told_of_as_if_a_carrier_had_reported(digits, name, result):
    listen()
    (channel, to), _ = destinations(digits, name)
    made = verifications.issue(verifications.Request(channel, to), KEY)
    assert verifications.get(made.id, KEY).message_status == name
    told = {"sent"} if name == "sent" else {"sent", name} if "delivered" in name else {name}
    codes = {f"verification.{word}" for word in told if f"verification.{word}" in list(EventType)}
    wanted = {
        "verification.created",
        *codes - {"verification.expired"},
        *(f"message.{word}" for word in told),
    }
    assert happened() == sorted(wanted)


def test_a_broadcast_counts_them_all():
    to = [numbers for digits, name, _ in ENDINGS for numbers in destinations(digits, name)[:1]]
    many = broadcasts.Request(Channel.SMS, [{"to": number} for _, number in to], text="Hello")
    made = broadcasts.start(many, KEY)
    counts = broadcast_views.get(made.id, KEY).counts
    assert {name: counts[name] for _, name, _ in ENDINGS} == {name: 1 for _, name, _ in ENDINGS}


@pytest.mark.parametrize(("channel", "to"), destinations("0005", "slow"))
def test_a_slow_one_is_under_way_for_half_a_minute_and_takes_up_no_slot(channel, to):
    listen()
    began = datetime.now(UTC)
    with time_machine.travel(began, tick=False):
        made = verifications.issue(verifications.Request(channel, to), KEY)
    assert verifications.get(made.id, KEY).message_status == "sending"
    row = row_of(to)
    assert (row.due_at - began, row.lease_token) == (timedelta(seconds=SLOW_SECONDS), None)
    with time_machine.travel(began + timedelta(seconds=SLOW_SECONDS - 1), tick=False):
        worker.drain_now()
        assert row_of(to).status == "sending"
    with time_machine.travel(began + timedelta(seconds=SLOW_SECONDS), tick=False):
        worker.drain_now()
    row = row_of(to)
    assert (row.status, row.tries, row.gateway) == ("sent", 1, "test")
    assert row.sent_at - began == timedelta(seconds=SLOW_SECONDS)
    assert happened() == ["message.sent", "verification.created", "verification.sent"]


def test_many_slow_ones_hold_nobody_up(app, monkeypatch):
    monkeypatch.setattr(worker, "drain_now", lambda: None)  # everything waits for the drain below
    for number in range(5):
        messages.send(messages.Request(Channel.SMS, f"+86138001{number}0005", text="Hello"), KEY)
    last = messages.send(messages.Request(Channel.SMS, "+8613800139999", text="Hello"), KEY)
    sender = Sender(Router(part(Gateways), part(GatewayHealth), part(RateWindows)), part(Keyring))
    Drain(db.engine, sender, [Lane.SMS], slots=1).run_until_idle()
    db.session.rollback()
    statuses = Counter(db.session.scalars(select(Message.status)))
    assert (statuses, db.session.get(Message, last.id).status) == ({"sending": 5, "sent": 1}, "sent")


def test_a_copy_of_a_slow_one_is_a_test_as_well():
    sent = messages.send(messages.Request(Channel.SMS, "+8613800130005", text="Hello"), KEY)
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=SLOW_SECONDS)):
        worker.drain_now()
        copy = messages.resend(sent.id, KEY)
    assert db.session.get(Message, copy.id).status == "sending"


def test_with_a_live_key_the_digits_mean_nothing(sms):
    verifications.issue(verifications.Request(Channel.SMS, "+8613800130003"), Owner("key:live"))
    assert [one.to for one in sms.sent] == ["+8613800130003"]
    sms.sent.clear()

from datetime import UTC, datetime, timedelta

import pytest

from channels.gateway import SEND_SECONDS
from domain.destinations import parse
from domain.keyring import Keyring
from domain.statuses import Channel, Lane, MessageStatus, Priority
from exts import db
from models import Message, MessageTry
from services.delivery import claims, settling
from services.delivery.settling import Asked, Settled
from services.outbox import outbox
from services.outbox.outbox import NewMessage
from services.process.parts import part

pytestmark = pytest.mark.usefixtures("context")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def put(*, priority=Priority.CODE, channel=Channel.SMS, deadline=240, now=NOW):
    to = "+8613800138000" if channel is Channel.SMS else "a@b.org"
    message = NewMessage(
        owner="key:tests",
        destination=parse(channel, to, region="CN"),
        template="code",
        locale="en",
        params={"code": "123456"},
        priority=priority,
        deadline_at=now + timedelta(seconds=deadline),
    )
    outbox.put(db.session(), part(Keyring), [message], now)
    db.session.commit()
    return message.id


def claim(now=NOW, *, lane=Lane.SMS, priority=Priority.CODE, limit=100):
    with db.engine.begin() as connection:
        return claims.claim(connection, lane, priority, limit, now)


def settle(*settled):
    with db.engine.begin() as connection:
        settling.settle(connection, settled)


def row(message_id):
    return db.session.get(Message, message_id, populate_existing=True)


def test_a_claimed_message_is_not_claimed_again_until_its_lease_ends():
    message_id = put()
    (claimed,) = claim()
    assert (claimed.id, claimed.tries) == (message_id, 1)
    assert claim() == claim(NOW + claims.LEASE - timedelta(seconds=1)) == []
    (again,) = claim(NOW + claims.LEASE)
    assert (again.id, again.tries) == (message_id, 2)
    assert again.lease_token != claimed.lease_token


def test_the_lease_is_longer_than_a_send_may_take():
    assert claims.LEASE.total_seconds() >= SEND_SECONDS + 2


def test_a_worker_that_lost_the_lease_can_not_settle():
    message_id = put()
    (first,) = claim()
    (second,) = claim(NOW + claims.LEASE)
    settle(Settled(first, MessageStatus.FAILED, NOW, error="late"))
    assert row(message_id).status == "sending"
    settle(Settled(second, MessageStatus.SENT, NOW, gateway="g", gateway_reference="r"))
    assert (row(message_id).status, row(message_id).gateway_reference) == ("sent", "r")


def test_a_sent_message_holds_nothing_to_send_and_is_never_due():
    message_id = put()
    settle(Settled(claim()[0], MessageStatus.SENT, NOW + timedelta(seconds=2), gateway="g"))
    sent = row(message_id)
    assert (sent.sealed, sent.due_at, sent.lease_token, sent.error) == (None, None, None, None)
    assert sent.sent_at == sent.settled_at == NOW + timedelta(seconds=2)
    assert claim(NOW + timedelta(seconds=200)) == []


def test_failed_tries_are_stored_with_the_message():
    message_id = put()
    answers = (
        Asked("first", "temporary", "busy", 12, NOW),
        Asked(None, "temporary", "nobody is left", None, NOW),
    )
    settle(Settled(claim()[0], MessageStatus.QUEUED, NOW, NOW, gateway="first", error="busy", asked=answers))
    settle(Settled(claim()[0], MessageStatus.SENT, NOW, gateway="second", took_ms=34))
    kept = db.session.scalars(db.select(MessageTry).order_by(MessageTry.id)).all()
    assert [(one.message_id, one.number, one.gateway, one.took_ms) for one in kept] == [
        (message_id, 1, "first", 12),
        (message_id, 1, None, None),
    ]
    assert (row(message_id).tries, row(message_id).took_ms) == (2, 34)


def test_a_message_to_be_tried_again_keeps_what_it_needs_and_waits():
    message_id = put()
    due_at = NOW + timedelta(seconds=3)
    settle(Settled(claim()[0], MessageStatus.QUEUED, NOW, due_at, gateway="g", error="busy"))
    waiting = row(message_id)
    assert (waiting.status, waiting.error, waiting.settled_at) == ("queued", "busy", None)
    assert waiting.sealed
    assert claim(NOW + timedelta(seconds=2.9)) == []
    assert claim(due_at)[0].tries == 2


def test_a_message_that_reached_no_gateway_counts_no_try():
    put()
    settle(Settled(claim()[0], MessageStatus.QUEUED, NOW, NOW, error="busy", tried=False))
    assert claim()[0].tries == 1


def test_nothing_is_claimed_at_or_after_its_deadline():
    put(deadline=10)
    assert claim(NOW + timedelta(seconds=10)) == []


def test_a_message_past_its_deadline_expires_and_is_erased():
    message_id, other = put(deadline=10), put(deadline=100)
    with db.engine.begin() as connection:
        assert settling.expire(connection, NOW + timedelta(seconds=9)) == 0
        assert settling.expire(connection, NOW + timedelta(seconds=10)) == 1
    expired = row(message_id)
    assert (expired.status, expired.result, expired.sealed, expired.due_at) == ("expired", -1, None, None)
    assert row(other).status == "queued"


def test_a_message_in_flight_at_its_deadline_expires_only_after_its_lease():
    message_id = put(deadline=10)
    claim(NOW + timedelta(seconds=9))
    with db.engine.begin() as connection:
        assert settling.expire(connection, NOW + timedelta(seconds=11)) == 0
        assert settling.expire(connection, NOW + timedelta(seconds=9) + claims.LEASE) == 1
    assert row(message_id).status == "expired"


def test_lanes_and_priorities_are_claimed_apart():
    code, single, bulk = put(), put(priority=Priority.SINGLE), put(priority=Priority.BULK)
    mail = put(channel=Channel.EMAIL)
    assert [one.id for one in claim(lane=Lane.EMAIL)] == [mail]
    assert [one.id for one in claim()] == [code]
    assert [one.id for one in claim(priority=Priority.SINGLE)] == [single]
    assert claim(priority=Priority.BULK) == []
    assert [one.id for one in claim(lane=Lane.BULK, priority=Priority.BULK)] == [bulk]


def test_the_oldest_due_message_goes_first_and_a_limit_holds():
    ids = [put(now=NOW + timedelta(milliseconds=n)) for n in range(5)]
    at = NOW + timedelta(seconds=1)
    assert [one.id for one in claim(at, limit=2)] == ids[:2]
    assert [one.id for one in claim(at, limit=9)] == ids[2:]


def test_only_what_waits_can_be_canceled():
    waiting, sending = put(), None
    assert outbox.cancel(db.session(), waiting, NOW)
    db.session.commit()
    assert (row(waiting).status, row(waiting).sealed, claim()) == ("canceled", None, [])
    sending = put()
    claim()
    assert not outbox.cancel(db.session(), sending, NOW)
    db.session.rollback()


def test_five_hundred_results_are_settled_each_with_its_own_reference():
    ids = {put() for _ in range(500)}
    claimed = claim(limit=1_000)
    assert {one.id for one in claimed} == ids
    settle(*[Settled(one, MessageStatus.SENT, NOW, gateway_reference=f"ref-{one.id}") for one in claimed])
    assert all(message.gateway_reference == f"ref-{message.id}" for message in db.session.query(Message))


def test_a_claim_shows_no_destination_or_payload_in_its_repr():
    put()
    assert "13800138000" not in repr(claim()[0])

"""Posting events, on every kind of database."""

import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from domain.events import EventType
from domain.keyring import Keyring
from domain.statuses import DeliveryStatus
from exts import db
from models import Event, EventDelivery, Webhook, clock
from services.events import telling
from services.events.listeners import Listeners
from services.events.telling import News
from services.process.parts import part
from services.webhooks import claims, deliveries, endpoints, post_threads
from services.webhooks.claims import Places
from services.webhooks.deliveries import Range
from services.webhooks.kinds import Outgoing
from services.webhooks.posting import MAKERS
from tests.servers.http import DROP, Answer, HttpGatewayServer
from tests.servers.thread import wait_until
from tests.services.webhooks.conftest import courier, delivery, is_signed, post_all

pytestmark = pytest.mark.usefixtures("context")


def later(**span):
    return time_machine.travel(datetime.now(UTC) + timedelta(**span), tick=True)


def tell(count=1, kind=EventType.MESSAGE_SENT, **data):
    news = [News(kind, "", {"n": n, **data}, ("key:tests",)) for n in range(count)]
    with db.engine.begin() as connection:
        telling.tell(connection, part(Listeners).of(connection), news, clock.now())


@pytest.fixture
def made(receiver):
    return endpoints.create(receiver.url, owner="key:tests")


@contextmanager
def running(lane):
    lane.start()
    try:
        yield
    finally:
        lane.stop(10)
        db.session.rollback()


def row(made):
    db.session.rollback()
    return db.session.get(Webhook, made.endpoint.id, populate_existing=True)


def test_an_event_arrives_signed_with_its_type_time_and_data(receiver, made):
    tell(text='grüß \u2028 \\ " 你好')
    post_all()
    (call,) = receiver.calls
    assert call.method == "POST"
    assert call.headers["content-type"] == "application/json"
    assert call.headers["host"] == f"127.0.0.1:{receiver.port}"
    body = json.loads(call.body)
    assert list(body) == ["type", "timestamp", "data"]
    assert body["type"] == "message.sent"
    assert body["data"] == {"n": 0, "text": 'grüß \u2028 \\ " 你好'}
    assert datetime.fromisoformat(body["timestamp"]) == db.session.scalars(select(Event.at)).one()
    assert is_signed(call, made.secret)
    assert "." not in call.headers["webhook-id"]
    settled = delivery()
    assert (settled.status, settled.tries, settled.answer_status) == ("delivered", 1, 200)
    assert settled.answer == '{"id": "g1"}'
    assert settled.due_at is None
    assert settled.settled_at is not None
    assert settled.took_ms is not None
    assert call.headers["webhook-id"] == settled.event_id


def test_eight_tries_with_the_same_id_and_then_it_is_given_up(receiver, made):
    receiver.usual = Answer(500, "oh no")
    tell()
    post_all()
    for number, wait in enumerate([5, 300, 1800, 7200, 18000, 36000, 36000], 2):
        waiting = delivery()
        assert (waiting.due_at - waiting.tried_at).total_seconds() == wait
        with time_machine.travel(waiting.due_at - timedelta(seconds=1), tick=True):
            post_all()
        assert len(receiver.calls) == number - 1, "not before its time"
        with time_machine.travel(waiting.due_at, tick=True):
            post_all()
        assert len(receiver.calls) == number
    failed = delivery()
    assert (failed.status, failed.tries, failed.due_at) == ("failed", 8, None)
    assert (failed.answer_status, failed.answer) == (500, "oh no")
    assert len({call.headers["webhook-id"] for call in receiver.calls}) == 1
    assert len({call.headers["webhook-timestamp"] for call in receiver.calls}) == 8
    assert all(is_signed(call, made.secret) for call in receiver.calls)
    assert row(made).is_on
    assert row(made).failing_since is not None


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500])
def test_anything_but_a_success_is_a_failure_and_redirects_are_not_followed(receiver, made, status):
    receiver.usual = Answer(status, "", headers={"Location": receiver.url + "/elsewhere"})
    tell()
    post_all()
    assert len(receiver.calls) == 1
    assert (delivery().status, delivery().answer_status) == ("waiting", status)


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed(receiver, made, status):
    receiver.script(Answer(status, headers={"Retry-After": "120"}))
    tell()
    post_all()
    waiting = delivery()
    assert 119 <= (waiting.due_at - waiting.tried_at).total_seconds() <= 121
    with later(seconds=125):
        post_all()
    assert delivery().status == "delivered"


def test_410_switches_the_endpoint_off_and_gives_up_what_waits_for_it(receiver, made):
    receiver.usual = Answer(410)
    tell(1)
    post_all()
    tell(1)  # another process may not know it yet
    post_all()
    assert len(receiver.calls) == 1
    gone = row(made)
    assert (gone.is_on, gone.off_reason) == (False, "gone")
    assert {one.status for one in db.session.scalars(select(EventDelivery))} == {"failed"}
    part(Listeners).forget()
    tell(3)
    assert len(db.session.scalars(select(EventDelivery)).all()) <= 2


def test_five_days_of_nothing_but_failures_switch_it_off(receiver, made):
    receiver.usual = Answer(500)
    tell()
    post_all()
    with later(days=4):
        tell()
        post_all()
        assert row(made).is_on
    with later(days=5, minutes=1):
        tell()
        post_all()
    off = row(made)
    assert (off.is_on, off.off_reason) == (False, "failing")


def test_one_success_begins_the_five_days_anew(receiver, made):
    receiver.script(Answer(500))
    tell()
    post_all()
    assert row(made).failing_since is not None
    with later(days=4):
        post_all()
        assert row(made).failing_since is None
    with later(days=6):
        receiver.script(Answer(500))
        tell()
        post_all()
    assert row(made).is_on


def test_a_lost_connection_and_a_refused_one_are_tried_again(receiver, made):
    receiver.script(DROP)
    tell()
    post_all()
    assert delivery().status == "waiting"
    assert delivery().answer_status is None
    assert delivery().error
    with later(seconds=6):
        post_all()
    assert delivery().status == "delivered"
    assert delivery().error is None


def test_a_receiver_that_hangs_does_not_hold_up_the_others(receiver, made):
    with HttpGatewayServer(delay=30) as hanging:
        endpoints.create(hanging.url, owner="key:tests")
        tell(300)
        lane = courier(seconds=3)
        lane.start()
        receiver.wait_for(300, seconds=15)
        lane.stop(10)
        assert len(hanging.calls) <= 3 * claims.CANDIDATES
    by_status = {
        status: len([one for one in db.session.scalars(select(EventDelivery)) if one.status == status])
        for status in DeliveryStatus
    }
    assert by_status["delivered"] == 300
    assert len({call.headers["webhook-id"] for call in receiver.calls}) == 300
    assert len(receiver.calls) == 300


def test_an_endpoint_that_fails_has_one_place_and_its_backlog_hides_nothing(receiver):
    with HttpGatewayServer(delay=30) as hanging:
        slow = endpoints.create(hanging.url, owner="key:tests")
        tell(claims.CANDIDATES + 50)
        failing = update(Webhook).where(Webhook.id == slow.endpoint.id).values(failing_since=clock.now())
        db.session.execute(failing)
        db.session.commit()
        endpoints.create(receiver.url, owner="key:tests")
        tell(20)
        lane = courier(seconds=2)
        lane.start()
        receiver.wait_for(20)
        assert len(hanging.calls) <= 2
        lane.stop(10)


def test_what_waits_for_a_receiver_that_was_quick_and_hangs_now_is_given_back_untried(
    receiver, made, monkeypatch
):
    monkeypatch.setattr(post_threads, "START_WITHIN_SECONDS", 0.5)
    lane = courier(seconds=1)
    with running(lane):
        tell(10)
        receiver.wait_for(10)
        receiver.delay = 30
        tell(50)
        receiver.wait_for(10 + post_threads.MOST_TO_ONE)
        wait_until(lambda: row(made).failing_since is not None)
    rows = db.session.scalars(select(EventDelivery).where(EventDelivery.status != "delivered")).all()
    assert {(one.status, one.lease_token) for one in rows} == {("waiting", None)}
    begun = len(receiver.calls) - 10
    assert sorted(one.tries for one in rows) == [0] * (50 - begun) + [1] * begun
    assert begun < 50


def test_a_courier_that_stops_gives_back_what_it_has_not_begun(receiver, made):
    with running(courier()):
        tell(10)
        receiver.wait_for(10)
        receiver.delay = 1
        tell(60)
        receiver.wait_for(10 + post_threads.MOST_TO_ONE)
    left = db.session.scalars(select(EventDelivery).where(EventDelivery.status != "delivered")).all()
    assert len(left) == 70 - len(receiver.calls)
    assert {(one.status, one.tries) for one in left} == {("waiting", 0)}


def test_call_backs_that_wait_for_a_place_hide_nothing_that_waits_for_others(made):
    now = clock.now()
    event = telling.event_row("e" * 32, "call-back", "m", {}, now)
    to_nobody = [
        telling.delivery_row(event["id"], None, now, kind="form", url="http://127.0.0.1:9/")
        for _ in range(claims.CANDIDATES)
    ]
    with db.engine.begin() as connection:
        telling.put(connection, event, to_nobody)
    tell()
    with db.engine.begin() as connection:
        (due,) = claims.claim(connection, Places(10, lambda *_: 10, 10, [""]), clock.now())
    assert due.webhook_id == made.endpoint.id


def test_endpoints_that_fail_share_a_part_of_the_places_and_hide_no_other(receiver):
    dead = [endpoints.create(receiver.url, owner="key:tests").endpoint.id for _ in range(5)]
    tell(claims.CANDIDATES // len(dead))
    db.session.execute(update(Webhook).values(failing_since=clock.now()))
    db.session.commit()
    good = endpoints.create(receiver.url, owner="key:tests").endpoint.id
    tell(3)
    with db.engine.begin() as connection:
        first = claims.claim(connection, Places(10, lambda *_: 1, 2), clock.now())
        assert len(first) == len({one.webhook_id for one in first} & set(dead)) == 2
        second = claims.claim(connection, Places(10, lambda *_: 10, 0), clock.now())
    assert [one.webhook_id for one in second] == [good] * 3


def test_two_couriers_never_post_the_same_delivery(receiver, made):
    tell(200)
    lanes = [courier(), courier()]
    threads = [threading.Thread(target=lane.run_until_idle) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    post_all()
    assert len(receiver.calls) == 200
    assert len({call.headers["webhook-id"] for call in receiver.calls}) == 200


def test_what_a_killed_worker_had_claimed_is_posted_with_the_same_id(receiver, made):
    tell(3)
    with db.engine.begin() as connection:
        lost = claims.claim(connection, Places(10, lambda *_: 10, 10), clock.now())
    assert len(lost) == 3
    post_all()
    assert receiver.calls == [], "the lease holds"
    with later(seconds=claims.LEASE.total_seconds() + 1):
        post_all()
        assert {call.headers["webhook-id"] for call in receiver.calls} == {one.event_id for one in lost}
        late = claims.Ended(lost[0], DeliveryStatus.FAILED, clock.now())
        with db.engine.begin() as connection:
            claims.settle(connection, [late])
    assert {one.status for one in db.session.scalars(select(EventDelivery))} == {"delivered"}


def test_during_a_rotation_both_secrets_verify(receiver, made):
    renewed = endpoints.rotate(made.endpoint.id)
    assert renewed.secret != made.secret
    tell()
    post_all()
    (call,) = receiver.calls
    assert len(call.headers["webhook-signature"].split(" ")) == 2
    assert is_signed(call, made.secret)
    assert is_signed(call, renewed.secret)
    with later(hours=25):
        tell()
        post_all()
    call = receiver.calls[-1]
    assert not is_signed(call, made.secret)
    assert is_signed(call, renewed.secret)


def test_a_leaked_secret_can_end_at_once(receiver, made):
    renewed = endpoints.rotate(made.endpoint.id, overlap=timedelta())
    tell()
    post_all()
    assert not is_signed(receiver.calls[0], made.secret)
    assert is_signed(receiver.calls[0], renewed.secret)


def test_a_replay_has_the_same_id_and_all_its_tries_again(receiver, made):
    receiver.script(Answer(500))
    tell(2)
    post_all()
    with later(seconds=6):
        post_all()
    assert len(receiver.calls) == 3
    one = deliveries.page(made.endpoint.id).deliveries[0]
    assert deliveries.replay(made.endpoint.id, Range(one.id)) == 1
    post_all()
    assert receiver.calls[-1].headers["webhook-id"] == one.event_id
    assert len(receiver.calls) == 4
    assert deliveries.replay(made.endpoint.id, Range(failed_only=True)) == 0
    assert deliveries.replay(made.endpoint.id, Range(since=datetime.now(UTC) - timedelta(hours=1))) == 2
    assert deliveries.replay(made.endpoint.id, Range(until=datetime.now(UTC) - timedelta(hours=1))) == 0


def test_a_test_reaches_an_endpoint_whatever_its_list_says(receiver):
    made = endpoints.create(receiver.url, events=["gateway.up"], owner="key:tests")
    deliveries.send_test(made.endpoint.id)
    post_all()
    assert json.loads(receiver.calls[0].body)["type"] == "webhook.test"


def test_pages_of_deliveries_follow_each_other(receiver, made):
    tell(5)
    first = deliveries.page(made.endpoint.id, limit=2)
    second = deliveries.page(made.endpoint.id, limit=2, cursor=first.next_cursor)
    last = deliveries.page(made.endpoint.id, limit=2, cursor=second.next_cursor)
    assert [len(one.deliveries) for one in (first, second, last)] == [2, 2, 1]
    assert last.next_cursor is None
    assert len({one.id for page in (first, second, last) for one in page.deliveries}) == 5
    assert deliveries.page(made.endpoint.id, status=DeliveryStatus.FAILED).deliveries == []


def test_another_protocol_is_a_maker_of_its_own(receiver, monkeypatch):
    def form(due, keyring: Keyring, now):
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Signature": keyring.newest}
        return Outgoing(due.url, headers, f"MessageStatus={json.loads(due.data)['status']}".encode())

    monkeypatch.setitem(MAKERS, "form", form)
    now = clock.now()
    event = telling.event_row("e" * 32, "call-back", "m", {"status": "sent"}, now)
    with db.engine.begin() as connection:
        to = telling.delivery_row(event["id"], None, now, kind="form", url=receiver.url)
        telling.put(connection, event, [to])
    post_all()
    (call,) = receiver.calls
    assert call.body == b"MessageStatus=sent"
    assert call.headers["x-signature"] == part(Keyring).newest
    assert delivery().status == "delivered"


def test_a_large_answer_and_a_binary_one_leave_a_short_text(receiver, made):
    receiver.usual = Answer(200, b"\x00\xff\r\n" + b"x" * 100_000)
    tell()
    post_all()
    assert delivery().status == "delivered"
    assert len(delivery().answer) <= 500
    assert delivery().answer.isprintable() or "\ufffd" in delivery().answer


def test_an_endpoint_that_is_switched_off_gets_nothing_more(receiver, made):
    tell()
    endpoints.edit(made.endpoint.id, enabled=False)
    post_all()
    assert receiver.calls == []
    assert delivery().status == "failed"
    endpoints.edit(made.endpoint.id, enabled=True)
    deliveries.replay(made.endpoint.id, Range(failed_only=True))
    post_all()
    assert len(receiver.calls) == 1


def test_of_what_is_larger_than_a_payload_may_be_only_the_id_is_told(receiver, made):
    tell(text="x" * 20_001, id="abc")
    post_all()
    assert json.loads(receiver.calls[0].body)["data"] == {"id": "abc"}


def test_a_duty_that_fails_keeps_nothing_from_being_posted(receiver, made, caplog):
    tell()
    post_all(lambda now: 1 / 0)
    assert len(receiver.calls) == 1
    assert "ZeroDivisionError" in caplog.text

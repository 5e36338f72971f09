"""The suppression list for bulk messages, and the messages that wait when somebody joins it."""

import logging
import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from domain.destinations import parse
from domain.keyring import Keyring
from domain.statuses import Channel, Lane, MessageStatus, Priority, SuppressionReason
from exts import db
from models import Message, Suppression
from services import retention
from services.audit import trail
from services.delivery import claims, settling
from services.delivery.settling import Settled
from services.messaging import suppressions
from services.outbox import outbox
from services.outbox.outbox import NewMessage
from services.process.parts import part

pytestmark = pytest.mark.usefixtures("context")
KIM = "kim@example.com"
UNSUBSCRIBED, OPERATOR = SuppressionReason.UNSUBSCRIBED, SuppressionReason.OPERATOR


def put(to=KIM, priority=Priority.BULK, *, later=timedelta()):
    """Queue a message, due now or later."""
    now = datetime.now(UTC)
    message = NewMessage(
        owner="key:tests",
        destination=parse(Channel.EMAIL if "@" in to else Channel.SMS, to, region="CN"),
        template=None,
        locale="en",
        params={"subject": "s", "text": "t"},
        priority=priority,
        deadline_at=now + later + timedelta(hours=1),
    )
    outbox.put(db.session(), part(Keyring), [message], now + later)
    db.session.commit()
    return message.id


def row(message_id):
    return db.session.get(Message, message_id, populate_existing=True)


def status(message_id):
    return row(message_id).status


def suppressed(*canonicals, channel=Channel.EMAIL):
    return suppressions.suppressed(db.session(), channel, canonicals)


def suppress(to=KIM, reason=UNSUBSCRIBED, *, channel=Channel.EMAIL):
    return suppressions.add(channel, to, reason)


def test_a_list_of_thousands_is_looked_up_in_blocks():
    everybody = [f"n{number}@example.org" for number in range(2_000)]
    listed = set(everybody[::300])
    for one in listed:
        suppress(one)
    assert suppressed(*everybody) == listed
    assert suppressed(*everybody[1:300]) == suppressed() == set()


def test_each_channel_has_a_list_of_its_own():
    suppress("+8613800138000", channel=Channel.SMS)
    assert suppressed("+8613800138000", channel=Channel.SMS) == {"+8613800138000"}
    assert suppressed("+8613800138000") == set()


def test_a_tagged_address_is_an_address_of_its_own():
    suppress("kim+news@example.com")
    assert suppressed(KIM, "kim+news@example.com", "kim+other@example.com") == {"kim+news@example.com"}


def test_suppressing_twice_is_the_same_as_once():
    assert [suppress(), suppress()] == [True, False]
    assert db.session.query(Suppression).count() == 1


def test_an_operators_suppression_overrides_the_link():
    suppress()
    suppress(reason=OPERATOR)
    assert suppressions.find(Channel.EMAIL, KIM).reason is OPERATOR
    suppress()
    assert suppressions.find(Channel.EMAIL, KIM).reason is OPERATOR
    assert not suppressions.remove(Channel.EMAIL, KIM, only=UNSUBSCRIBED)
    assert suppressions.remove(Channel.EMAIL, KIM)
    assert not suppressions.remove(Channel.EMAIL, KIM)
    assert suppressed(KIM) == set()


def test_changes_by_operators_are_audited_and_others_are_not():
    suppressions.add(Channel.EMAIL, KIM, UNSUBSCRIBED, by=None)
    suppressions.remove(Channel.EMAIL, KIM, by=None)
    assert trail.entries().shown == ()
    suppressions.add(Channel.EMAIL, KIM, UNSUBSCRIBED, by=None)
    for _ in range(2):
        suppressions.add(Channel.EMAIL, KIM, OPERATOR)
    for _ in range(2):
        suppressions.remove(Channel.EMAIL, KIM)
    removed, added = trail.entries().shown
    assert (added.subject, added.before, added.after) == (
        "k***@example.com",
        {"reason": "unsubscribed"},
        {"reason": "operator"},
    )
    assert (removed.action, removed.before) == ("suppression.removed", {"reason": "operator"})
    assert removed.subject_id == added.subject_id


def test_waiting_messages_are_canceled_and_erased_now_and_later():
    now, later = put(), put(later=timedelta(days=3))
    suppress()
    for message in (row(now), row(later)):
        assert (message.status, message.error, message.result) == ("canceled", "suppressed", -1)
        assert (message.sealed, message.due_at) == (None, None)
        assert message.settled_at is not None


def test_codes_single_messages_and_other_people_are_left_alone():
    kept = [
        put(priority=Priority.CODE),
        put(priority=Priority.SINGLE),
        put("kim@example.org"),
        put("+8613800138000"),
    ]
    suppress()
    assert {status(one) for one in kept} == {"queued"}


def test_suppressing_again_stops_newer_messages():
    suppress()
    late = put()
    suppress()
    assert status(late) == "canceled"


def test_a_message_in_flight_may_arrive_but_is_not_tried_again():
    arrives, fails = put(), put()
    now = datetime.now(UTC)
    with db.engine.begin() as connection:
        claimed = {one.id: one for one in claims.claim(connection, Lane.BULK, Priority.BULK, 10, now)}
    suppress()
    soon = datetime.now(UTC) + timedelta(seconds=3)
    with db.engine.begin() as connection:
        again = Settled(claimed[fails], MessageStatus.QUEUED, now, soon, "g", error="busy")
        settling.settle(connection, [Settled(claimed[arrives], MessageStatus.SENT, now, gateway="g"), again])
        assert claims.claim(connection, Lane.BULK, Priority.BULK, 10, soon) == []
        settling.expire(connection, soon)
    assert (status(arrives), status(fails)) == ("sent", "expired")
    assert row(fails).deadline_at == row(fails).created_at, "past, however long a broadcast was paused"
    assert row(fails).sealed is None


def test_the_list_continues_on_the_next_page():
    at = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(7):
        with time_machine.travel(at + timedelta(minutes=number // 3), tick=False):
            suppress(f"n{number}@example.org")
    pages = [suppressions.page(limit=3)]
    while pages[-1]:
        pages.append(suppressions.page(pages[-1][-1], limit=3))
    seen = [view.canonical for one in pages for view in one]
    assert [len(one) for one in pages] == [3, 3, 1, 0]
    assert set(seen[1:4]) == {"n3@example.org", "n4@example.org", "n5@example.org"}
    assert seen[0] == "n6@example.org"
    assert len(set(seen)) == 7


def test_one_of_many_at_once_is_the_first(app):
    answers, start = [], threading.Barrier(4)

    def work():
        with app.app_context():
            start.wait(10)
            answers.append(suppress())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == [False, False, False, True]


def test_no_purge_takes_anybody_off_the_list():
    with time_machine.travel(datetime(2020, 1, 1, tzinfo=UTC), tick=False):
        suppress()
    retention.purge(timedelta())
    assert suppressed(KIM) == {KIM}


def test_logs_and_reprs_show_no_address(caplog):
    caplog.set_level(logging.DEBUG, "services")
    suppress()
    view = suppressions.find(Channel.EMAIL, KIM)
    suppressions.remove(Channel.EMAIL, KIM)
    assert "k***@example.com gets no more bulk messages: unsubscribed" in caplog.text
    assert KIM not in caplog.text + repr(view)

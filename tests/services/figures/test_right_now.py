"""Waiting messages, and the workers that are alive."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.owners import Owner
from domain.statuses import Channel, Lane
from exts import db
from models import Message
from services.figures import right_now
from services.messaging import broadcasts
from services.process.housekeeping import say_alive

pytestmark = pytest.mark.usefixtures("context")
NOW = datetime(2026, 3, 7, 12, tzinfo=UTC)


def wait(name, lane, since, send_at=None):
    row = Message(
        id=name,
        owner="key:a",
        channel="sms",
        lane=lane,
        priority=0,
        to="x",
        canonical="x",
        locale="en",
        status="queued",
        due_at=NOW - since,
        send_at=send_at,
        deadline_at=NOW + timedelta(hours=1),
        created_at=NOW - since,
    )
    db.session.add(row)
    db.session.commit()


def test_each_lane_shows_how_much_waits_and_for_how_long():
    wait("a", Lane.SMS, timedelta(seconds=3))
    wait("b", Lane.SMS, timedelta(seconds=40))
    wait("c", Lane.BULK, -timedelta(hours=1))
    lanes = {lane.lane: lane for lane in right_now.look(NOW).lanes}
    assert (lanes[Lane.SMS].waiting, lanes[Lane.SMS].oldest_due) == (2, timedelta(seconds=40))
    assert (lanes[Lane.BULK].waiting, lanes[Lane.BULK].oldest_due) == (1, timedelta(0))
    assert [lanes[lane].later for lane in (Lane.SMS, Lane.EMAIL, Lane.BULK)] == [0, 0, 1]
    assert (lanes[Lane.EMAIL].waiting, lanes[Lane.EMAIL].is_late) == (0, False)
    assert lanes[Lane.SMS].is_late
    assert right_now.look(NOW).is_late


def test_messages_of_a_paused_broadcast_are_in_no_lane():
    owner, recipients = Owner("key:a"), [{"to": f"+861380013800{number}"} for number in range(3)]
    at = datetime.now(UTC) + timedelta(hours=1)
    made = broadcasts.start(broadcasts.Request(Channel.SMS, recipients, text="Hi", send_at=at), owner)
    assert (right_now.look().paused, right_now.look().lanes[-1].later) == (0, 3)
    broadcasts.pause(made.id, owner)
    found = right_now.look()
    assert (found.paused, found.lanes[-1].waiting, found.has_later) == (3, 0, False)
    broadcasts.cancel(made.id, owner)
    assert right_now.look().paused == 0


def test_workers_and_clocks_are_alive_while_they_report():
    assert not right_now.look(NOW).has_clock
    say_alive(db.engine, "worker", ["sms", "email"], NOW)
    say_alive(db.engine, "beat", [], NOW - timedelta(minutes=5))
    found = right_now.look(NOW)
    assert not found.has_clock
    assert [(one.kind, one.lanes, one.is_alive) for one in found.processes] == [
        ("worker", ("sms", "email"), True),
        ("beat", (), False),
    ]
    assert right_now.look(NOW + timedelta(days=2)).processes == []


def test_a_message_planned_for_later_does_not_wait():
    wait("a", Lane.SMS, -timedelta(hours=1), send_at=NOW + timedelta(hours=1))
    wait("b", Lane.EMAIL, timedelta(seconds=1), send_at=NOW - timedelta(seconds=1))
    lanes = {lane.lane: lane for lane in right_now.look(NOW).lanes}
    assert (lanes[Lane.SMS].waiting, lanes[Lane.EMAIL].waiting) == (0, 1)

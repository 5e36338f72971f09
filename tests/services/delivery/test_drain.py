import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy.exc import OperationalError

from domain.destinations import parse
from domain.keyring import Keyring
from domain.statuses import Channel, Lane, MessageStatus, Priority
from exts import db
from models import Message
from services.delivery import claims, settling
from services.delivery.drain import Drain
from services.delivery.settling import Settled
from services.outbox import outbox
from services.outbox.outbox import NewMessage
from services.process.parts import part

pytestmark = pytest.mark.usefixtures("context")


class SlowSender:
    """Takes `seconds` for each message; records the messages and how many were in flight at once."""

    def __init__(self, seconds=0.0):
        self.seconds = seconds
        self.sent = []
        self.most_at_once = 0
        self._now = 0
        self._lock = threading.Lock()

    def send(self, claimed, lease_until):
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
            self.sent.append(claimed)
        time.sleep(self.seconds)
        with self._lock:
            self._now -= 1
        return Settled(claimed, MessageStatus.SENT, datetime.now(UTC), gateway="slow")


def put(count, priority=Priority.CODE, deadline=240):
    now = datetime.now(UTC)
    messages = [
        NewMessage(
            owner="key:tests",
            destination=parse(Channel.SMS, "+8613800138000", region="CN"),
            template="code",
            locale="en",
            params={"code": "123456"},
            priority=priority,
            deadline_at=now + timedelta(seconds=deadline),
        )
        for _ in range(count)
    ]
    outbox.put(db.session(), part(Keyring), messages, now)
    db.session.commit()


def statuses():
    db.session.rollback()
    return [status for (status,) in db.session.query(Message.status)]


def wait_until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)


@pytest.fixture
def running():
    """Start drains, and stop them at the end."""
    started = []

    def start(sender, slots=10, lanes=tuple(Lane)):
        drain = Drain(db.engine, sender, lanes, slots=slots)
        started.append(drain)
        drain.start()
        return drain

    yield start
    for drain in started:
        drain.stop()


def test_run_until_idle_sends_all_that_is_due():
    put(25)
    sender = SlowSender()
    Drain(db.engine, sender, list(Lane), slots=4).run_until_idle()
    assert statuses() == ["sent"] * 25
    assert len({one.id for one in sender.sent}) == len(sender.sent) == 25


def test_as_many_sends_are_in_flight_as_there_are_slots(running):
    put(30)
    sender = SlowSender(0.2)
    running(sender, slots=10)
    wait_until(lambda: statuses() == ["sent"] * 30)
    assert sender.most_at_once == 10


def test_a_bell_wakes_it_and_without_one_it_polls(running):
    sender = SlowSender()
    drain = running(sender)
    wait_until(lambda: not drain._look)
    put(1)
    drain.wake()
    wait_until(lambda: len(sender.sent) == 1)
    put(1)
    wait_until(lambda: len(sender.sent) == 2)


def test_a_code_is_sent_at_once_although_bulk_fills_the_slots(running):
    put(30, Priority.BULK)
    sender = SlowSender(0.4)
    drain = running(sender, slots=10)
    wait_until(lambda: len(sender.sent) == 10)
    put(5, Priority.CODE)
    drain.wake()
    wait_until(lambda: len(sender.sent) >= 12)
    codes = {message.id for message in db.session.query(Message).filter_by(priority=Priority.CODE)}
    assert {one.id for one in sender.sent[10:12]} < codes
    wait_until(lambda: len(sender.sent) >= 15)
    assert {one.id for one in sender.sent[10:15]} == codes, "the other three come before any more of the bulk"
    wait_until(lambda: statuses() == ["sent"] * 35)
    assert sender.most_at_once == 12


def test_a_lane_with_a_ceiling_leaves_the_other_slots_free():
    put(20)
    sender = SlowSender(0.02)
    Drain(db.engine, sender, list(Lane), slots=10, ceilings={Lane.SMS: 3}).run_until_idle()
    assert statuses() == ["sent"] * 20
    assert sender.most_at_once == 3


@pytest.mark.parametrize(
    ("at_first", "then", "most"), [({}, 3, 3), ({Lane.SMS: 3}, 6, 6), ({Lane.SMS: 3}, None, 10)]
)
def test_a_ceiling_follows_the_gateways(at_first, then, most):
    put(40)
    sender = SlowSender(0.05)
    drain = Drain(db.engine, sender, list(Lane), slots=10, ceilings=at_first)
    drain.limit(Lane.SMS, then)
    drain.run_until_idle()
    assert statuses() == ["sent"] * 40
    assert sender.most_at_once == most


def test_only_its_own_lanes_are_drained(running):
    put(1, Priority.BULK)
    put(1, Priority.CODE)
    sender = SlowSender()
    running(sender, lanes=[Lane.BULK])
    wait_until(lambda: len(sender.sent) == 1)
    time.sleep(1.2)
    assert sorted(statuses()) == ["queued", "sent"]


def test_stop_lets_sends_in_flight_end_and_claims_nothing_more(running):
    put(20)
    sender = SlowSender(0.5)
    drain = running(sender, slots=5)
    wait_until(lambda: len(sender.sent) == 5)
    drain.stop()
    assert sorted(statuses()) == ["queued"] * 15 + ["sent"] * 5


def test_two_drains_on_one_database_send_each_message_once(running):
    put(200)
    first, second = SlowSender(0.01), SlowSender(0.01)
    running(first, slots=7)
    running(second, slots=7)
    wait_until(lambda: statuses() == ["sent"] * 200)
    assert len({one.id for one in first.sent + second.sent}) == len(first.sent) + len(second.sent) == 200


def test_a_database_that_is_away_for_a_while_does_not_end_it(running, monkeypatch):
    failures = iter([True, True])
    claim = claims.claim

    def sometimes(*arguments):
        if next(failures, False):
            raise OperationalError("select", {}, Exception("gone"))
        return claim(*arguments)

    monkeypatch.setattr(claims, "claim", sometimes)
    put(3)
    running(SlowSender())
    wait_until(lambda: statuses() == ["sent"] * 3)


def test_results_that_could_not_be_written_are_written_later(running, monkeypatch):
    failures = iter([True])
    settle = settling.settle

    def sometimes(*arguments):
        if next(failures, False):
            raise OperationalError("update", {}, Exception("gone"))
        settle(*arguments)

    monkeypatch.setattr(settling, "settle", sometimes)
    put(3)
    sender = SlowSender()
    running(sender)
    wait_until(lambda: statuses() == ["sent"] * 3)
    assert len(sender.sent) == 3


def test_a_message_past_its_deadline_expires_and_is_never_sent(running):
    put(2, deadline=-1)
    sender = SlowSender()
    running(sender)
    wait_until(lambda: statuses() == ["expired"] * 2)
    assert sender.sent == []


def test_waiting_costs_no_turns_of_the_loop(running, monkeypatch):
    turns = []
    claim = claims.claim
    monkeypatch.setattr(claims, "claim", lambda *arguments: turns.append(1) or claim(*arguments))
    put(10)
    sender = SlowSender(1.0)
    running(sender, slots=10)
    wait_until(lambda: statuses() == ["sent"] * 10)
    assert len(turns) < 60, "the loop must wait for events, not spin"


class TwiceRefused(SlowSender):
    """Defers a message twice, by a fraction of a second."""

    def send(self, claimed, lease_until):
        self.sent.append(time.monotonic())
        now = datetime.now(UTC)
        if len(self.sent) < 3:
            return Settled(claimed, MessageStatus.QUEUED, now, now + timedelta(seconds=1.3), error="busy")
        return Settled(claimed, MessageStatus.SENT, now)


def test_a_retry_is_sent_when_it_is_due_and_not_at_the_next_look(running):
    put(1)
    sender = TwiceRefused()
    running(sender)
    wait_until(lambda: statuses() == ["sent"])
    gaps = [later - sooner for sooner, later in pairwise(sender.sent)]
    assert all(1.3 <= gap < 1.9 for gap in gaps), "whole looks would make it two seconds each"


def test_a_message_with_an_unwritten_result_is_not_claimed_after_its_lease(running, monkeypatch):
    away = [True]
    settle, claim = settling.settle, claims.claim

    def sometimes(work):
        def wrapped(*arguments):
            if away and sender.sent:
                raise OperationalError("any", {}, Exception("gone"))
            return work(*arguments)

        return wrapped

    monkeypatch.setattr(claims, "LEASE", timedelta(seconds=0.5))
    monkeypatch.setattr(settling, "settle", sometimes(settle))
    monkeypatch.setattr(claims, "claim", sometimes(claim))
    put(3)
    sender = SlowSender()
    running(sender)
    wait_until(lambda: len(sender.sent) == 3)
    time.sleep(1)
    away.clear()
    wait_until(lambda: statuses() == ["sent"] * 3)
    assert len(sender.sent) == 3


def test_a_message_not_started_in_time_is_released_untried(monkeypatch):
    put(2)
    sender = SlowSender()
    monkeypatch.setattr("services.delivery.drain.START_WITHIN_SECONDS", -1.0)
    drain = Drain(db.engine, sender, list(Lane), slots=10)
    drain._turn()
    wait_until(lambda: drain._threads.backlog == 0 and drain._news.is_set())
    drain._take_ended()
    monkeypatch.setattr("services.delivery.drain.START_WITHIN_SECONDS", 60.0)
    drain._turn()
    drain.wake()
    drain.run_until_idle()
    assert [one.tries for one in sender.sent] == [1, 1]
    assert statuses() == ["sent", "sent"]

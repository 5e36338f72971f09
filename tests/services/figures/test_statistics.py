"""Counts by day, channel and gateway, compared with a count in Python."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from domain.statuses import MessageStatus
from exts import db
from models import Message
from services.figures import statistics
from services.figures.statistics import Group, Tally
from tests.rows import code

pytestmark = pytest.mark.usefixtures("context")
NOW = datetime(2026, 3, 7, 12, tzinfo=UTC)
TODAY = date(2026, 3, 7)
MIDNIGHT = datetime(2026, 3, 7, tzinfo=UTC)
TICK = timedelta(microseconds=1)


class Rows:
    """Adds rows, and counts them in Python as it does."""

    def __init__(self):
        self.number = 0

    def message(self, at=NOW, status="sent", gateway="main", *, channel="sms", owner="key:a", of=None):
        self.number += 1
        row = Message(
            id=f"m{self.number}",
            owner=owner,
            verification_id=of,
            channel=channel,
            lane=channel,
            priority=0,
            to="x",
            canonical="x",
            locale="en",
            status=status,
            gateway=gateway,
            deadline_at=at,
            created_at=at,
        )
        db.session.add(row)
        return row.id

    def code(self, at=NOW, *, used=False, gateway="main", owner="key:a", channel="sms"):
        self.number += 1
        name = f"v{self.number}"
        message = self.message(at, gateway=gateway, owner=owner, channel=channel, of=name)
        row = code(name, message, at, owner=owner, channel=channel, used_at=at if used else None)
        db.session.add(row)
        return row


@pytest.fixture
def rows():
    return Rows()


def count(days=7, owner="key:a"):
    db.session.commit()
    return statistics.of_owner(owner, days, NOW)


def test_nothing_is_counted_as_nothing():
    found = count()
    assert (found.groups, found.total, found.total.conversion) == ([], Tally(), None)
    assert (found.since, found.until) == (datetime(2026, 3, 1, tzinfo=UTC), NOW)


def test_it_matches_a_count_in_python(rows):
    by_hand = Counter()
    for number in range(400):
        at = NOW - timedelta(hours=number % 100)
        status = list(MessageStatus)[number % 8]
        gateway = [None, "main", "other"][number % 3]
        channel = ["sms", "email"][number % 2]
        rows.message(at, status, gateway, channel=channel)
        by_hand[at.date(), channel, gateway, status] += 1
    found = count()
    counted = {
        (group.day, group.channel, group.gateway, status): number
        for group, tally in found.groups
        for status, number in tally.messages.items()
    }
    assert counted == by_hand
    assert found.total.messages == dict.fromkeys(MessageStatus, 50)
    keys = [(group.day, group.channel, group.gateway or "") for group, _ in found.groups]
    assert keys == sorted(keys)


def test_a_day_begins_and_ends_at_midnight_to_the_microsecond(rows):
    rows.message(MIDNIGHT)
    rows.message(MIDNIGHT - TICK)
    rows.message(MIDNIGHT - timedelta(days=1))
    rows.message(MIDNIGHT - timedelta(days=1) - TICK)
    days = [(group.day, tally.messages) for group, tally in count().groups]
    sent = MessageStatus.SENT
    assert days == [
        (date(2026, 3, 5), {sent: 1}),
        (date(2026, 3, 6), {sent: 2}),
        (TODAY, {sent: 1}),
    ]
    assert count(days=1).total.messages == {sent: 1}
    assert count(days=2).total.messages == {sent: 3}


def test_a_code_counts_once_whatever_became_of_its_messages(rows):
    resent = rows.code(used=True, gateway="main")
    resent.message_id = rows.message(of=resent.id, gateway="other")
    rows.code(gateway="main")
    rows.code(used=True, gateway=None, channel="email")
    found = count()
    tallies = {group: (tally.issued, tally.approved, tally.conversion) for group, tally in found.groups}
    assert tallies == {
        Group(TODAY, "email", None): (1, 1, 1.0),
        Group(TODAY, "sms", "main"): (1, 0, 0.0),
        Group(TODAY, "sms", "other"): (1, 1, 1.0),
    }
    assert (found.total.issued, found.total.approved, found.total.conversion) == (3, 2, 0.6667)
    assert found.total.messages == {MessageStatus.SENT: 4}


def test_a_code_that_was_sent_again_after_midnight_counts_on_the_day_it_was_issued(rows):
    resent = rows.code(MIDNIGHT - TICK, used=True)
    resent.message_id = rows.message(MIDNIGHT, of=resent.id)
    assert [(group.day, tally.issued) for group, tally in count().groups] == [
        (date(2026, 3, 6), 1),
        (TODAY, 0),
    ]
    assert count(days=1).total.issued == 0


def test_other_owners_messages_are_not_counted(rows):
    rows.message(owner="key:b")
    rows.code(used=True, owner="key:b")
    assert count().groups == []
    assert count(owner="key:b").total == Tally({MessageStatus.SENT: 2}, 1, 1)

"""The sums of the last day equal a count of all its rows, whenever they are asked for."""

import random
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from domain.owners import LIVE, Owner
from domain.statuses import Channel
from exts import db
from models import Message
from services.codes import verifications
from services.codes.verifications import Request
from services.limits import send_limits
from services.limits.day_rows import DAY, LATE_COMMITS, MINUTE, MOST_LEDGERS, DayRows

NOON = datetime(2026, 3, 7, 12, 0, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Rows:
    """Rows in memory, and what was read of them."""

    def __init__(self):
        self.made = []
        self.read_since = []

    def add(self, at, country="CN", segments=1):
        self.made.append((at, country, segments))

    def read(self, since, until):
        self.read_since.append(since)
        for at, country, segments in self.made:
            if since <= at and (until is None or at < until):
                yield at.replace(second=0, microsecond=0), country, segments

    def by_hand(self, now):
        found = Counter()
        for at, country, segments in self.made:
            if at > now - DAY:
                found[country] += segments
        return found


@pytest.mark.parametrize("seed", range(5))
def test_it_is_what_the_rows_have_whenever_it_is_asked(seed):
    chance, rows, days, now = random.Random(seed), Rows(), DayRows(), NOON
    latest = now
    for _ in range(300):
        step = chance.choice([0, 0.1, 1, 20, 59, 61, 600, 7200, 80_000, -0.5, -3, -100, -4000]) * SECOND
        now += step
        latest = now if step < -LATE_COMMITS else max(latest, now)
        late = max(now - chance.random() * LATE_COMMITS, latest - LATE_COMMITS)
        rows.add(chance.choice([now, late]), chance.choice(["CN", "DE"]), chance.choice([1, 3]))
        if chance.random() < 0.1:
            rows.add((now - DAY).replace(second=0, microsecond=0) + chance.choice([0, 1]) * MINUTE)
            days = DayRows()  # a row that is a day old, which no process has counted
        found = days.count(LIVE, now, rows.read)
        assert +found == rows.by_hand(now), now


def test_each_minute_is_read_once():
    rows, days = Rows(), DayRows()
    for back in range(0, 24 * 60, 7):
        rows.add(NOON - back * MINUTE)
    days.count(LIVE, NOON, rows.read)
    rows.read_since.clear()
    for seconds in range(0, 600, 10):
        days.count(LIVE, NOON + seconds * SECOND, rows.read)
    in_between = [
        at for at in rows.read_since if NOON - DAY + 12 * MINUTE < at < NOON - LATE_COMMITS - MINUTE
    ]
    assert not in_between
    assert len(rows.read_since) == 60 * 2 + 10, "two edges each time, and the minutes that are over"


def test_a_step_back_of_callers_that_overtake_each_other_reads_no_day_again():
    rows, days = Rows(), DayRows()
    boundary = NOON.replace(second=0)
    days.count(LIVE, boundary, rows.read)
    rows.read_since.clear()
    days.count(LIVE, boundary - timedelta(microseconds=1), rows.read)
    assert len(rows.read_since) == 2
    rows.read_since.clear()
    days.count(LIVE, boundary - timedelta(hours=1), rows.read)
    assert min(rows.read_since) < boundary - DAY, "rows are still to come in minutes that seemed to be over"


def test_only_one_caller_counts_the_whole_day():
    rows, days, begun, go_on = Rows(), DayRows(), threading.Event(), threading.Event()
    rows.add(NOON - 5 * MINUTE)

    def slow(since, until):
        if until is not None and until - since > MINUTE:
            assert not begun.is_set()
            begun.set()
            assert go_on.wait(10)
        return rows.read(since, until)

    found = []
    threads = [threading.Thread(target=lambda: found.append(days.count(LIVE, NOON, slow))) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert begun.wait(10)
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert found == [Counter(CN=1)] * 4


def test_it_never_grows_beyond_its_bounds():
    days = DayRows()
    for number in range(3 * MOST_LEDGERS):
        days.count(f"test:{number}", NOON, Rows().read)
    assert len(days._ledgers) <= MOST_LEDGERS


@pytest.mark.usefixtures("context")
def test_the_tables_tell_minutes_countries_and_segments(app, owner):
    app.config.update(SMS_SENDS_PER_DAY=1000, DESTINATION_SENDS_PER_DAY=0, PUMPING_GUARD_SENDS_PER_HOUR=0)
    for back in (1439, 1441, 700, 3, 0):
        for number in range(2):
            to = f"+861380013{back:04d}" if number else f"+49151234{back:05d}"
            with time_machine.travel(NOON - back * MINUTE, tick=False):
                verifications.issue(Request(Channel.SMS, to), owner)
    with time_machine.travel(NOON, tick=False):
        expected = {"CN": 4, "DE": 4, "all": 8}
        assert send_limits.sms_of_a_day(Owner("key")) == expected
        assert send_limits.sms_of_a_day(Owner("key")) == expected
    with time_machine.travel(NOON + 2 * MINUTE, tick=False):
        assert send_limits.sms_of_a_day(Owner("key")) == {"CN": 3, "DE": 3, "all": 6}
        verifications.issue(Request(Channel.EMAIL, "kim@example.org"), owner)
        assert send_limits.sms_of_a_day(Owner("key"))["all"] == 6
    assert db.session.query(Message).count() == 11

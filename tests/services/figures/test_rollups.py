"""Roll-ups and live rows together match a count in Python, whatever changes, runs twice or is purged."""

import random
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from domain import delivery_times
from domain.statuses import MessageStatus, Priority
from exts import db
from models import DeliveryHour, Message, OwnerHour, RolledHour, TrafficHour, Verification
from models.traffic import NONE
from services import retention
from services.figures import rollups, traffic
from services.figures.statistics import of_owner
from services.figures.traffic_counts import HOUR, TimesKey
from services.storage.transactions import LostRace, transaction
from tests.rows import code

pytestmark = pytest.mark.usefixtures("context")
NOW = datetime(2026, 3, 7, 12, 40, tzinfo=UTC)
SINCE = datetime(2026, 3, 1, tzinfo=UTC)
DIMENSIONS = ("hour", "channel", "gateway", "country", "purpose")
OF_OWNERS = ("hour", "owner", "channel", "gateway")
STATUSES = list(MessageStatus)


class Rows:
    """Makes believable random rows, the same for the same seed."""

    def __init__(self, seed=1):
        self.chance = random.Random(seed)
        self.number = 0

    def add(self, count, *, back=timedelta(days=5)):
        for _ in range(count):
            self.one(NOW - self.chance.random() * back)
        db.session.commit()

    def one(self, at):
        pick = self.chance.choice
        channel, owner = pick(["sms", "email"]), pick(["key:a", "key:b"])
        if self.chance.random() < 0.4:
            self.message(at, owner=owner, channel=channel)
            return
        self.number += 1
        name = f"v{self.number}"
        messages = [self.message(at, owner=owner, channel=channel, of=name)]
        if self.chance.random() < 0.2:
            again = at + timedelta(seconds=self.chance.randrange(600))
            messages.append(self.message(again, owner=owner, channel=channel, of=name))
        self.verification(name, at, owner, channel, messages[-1])

    def message(self, at, *, owner="key:a", channel="sms", of=None, status=None):
        self.number += 1
        pick = self.chance.choice
        status = status or pick(STATUSES)
        took = timedelta(milliseconds=self.chance.randrange(1, 10 ** self.chance.randrange(2, 8)))
        is_sent = status in ("sent", "delivered", "undelivered")
        row = Message(
            id=f"m{self.number}",
            owner=owner,
            verification_id=of,
            channel=channel,
            lane=channel,
            priority=Priority.CODE if of else Priority.SINGLE,
            to="x",
            canonical="x",
            country=pick(["DE", "CN", None]) if channel == "sms" else None,
            locale="en",
            status=status,
            gateway=pick([None, "main", "spare"]),
            deadline_at=at,
            created_at=at,
            sent_at=at + took if is_sent else None,
            settled_at=at + 2 * took if is_sent else None,
        )
        db.session.add(row)
        return row.id

    def verification(self, name, at, owner, channel, message):
        db.session.add(
            code(
                name,
                message,
                at,
                owner=owner,
                channel=channel,
                purpose=self.chance.choice(["login", "change_email"]),
                expires_at=at + timedelta(seconds=600),
                used_at=self.chance.choice([None, at + timedelta(seconds=30)]),
            )
        )

    def change_some(self):
        """Change messages of any age: late reports, scheduled sends, a canceled broadcast."""
        ids = db.session.scalars(select(Message.id).order_by(Message.id)).all()
        for name in self.chance.sample(ids, len(ids) // 4):
            status = self.chance.choice(STATUSES)
            db.session.execute(update(Message).where(Message.id == name).values(status=status))
        db.session.commit()


@pytest.fixture
def rows():
    return Rows()


def hour(at):
    return at.replace(minute=0, second=0, microsecond=0)


def by_hand():
    """Count the rows one by one: by every dimension except the owner, by owner, and by time to deliver."""
    found, of_owners, times = {}, {}, {}
    codes = {row.id: row for row in db.session.scalars(select(Verification))}

    def count(at, row, purpose, **counts):
        of = (row.channel, row.gateway or NONE)
        found.setdefault((hour(at), *of, row.country or NONE, purpose), Counter()).update(counts)
        of_owners.setdefault((hour(at), row.owner, *of), Counter()).update(counts)

    for row in db.session.scalars(select(Message)):
        code = codes.get(row.verification_id)
        purpose = code.purpose if code else NONE
        count(row.created_at, row, purpose, **{row.status: 1})
        if code is not None and code.message_id == row.id:
            count(code.created_at, row, purpose, issued=1, approved=int(code.used_at is not None))
        end = {"sent": row.sent_at, "delivered": row.settled_at}.get(row.status)
        if row.priority == Priority.CODE and end is not None:
            key = TimesKey(hour(row.created_at), row.channel, row.gateway or NONE)
            times.setdefault(key, Counter())[delivery_times.step(end - row.created_at)] += 1
    db.session.rollback()
    return found, of_owners, times


def as_told():
    """Return the same counts from roll-ups and live rows."""
    return traffic.look(
        SINCE, lambda counts: (told(counts, DIMENSIONS), told(counts, OF_OWNERS), counts.times())
    )


def told(counts, names):
    return {
        key: Counter(
            {status.value: number for status, number in tally.messages.items()},
            issued=tally.issued,
            approved=tally.approved,
        )
        for key, tally in counts.by(*names).items()
    }


def test_it_matches_a_count_in_python_before_between_and_after_roll_ups(rows):
    rows.add(150)
    assert as_told() == by_hand()
    assert rollups.roll_up(NOW) > 0
    assert as_told() == by_hand()
    rows.add(50, back=timedelta(minutes=39))
    assert as_told() == by_hand(), "hours that are not rolled up are counted live"
    assert of_owner("key:a", 7, NOW).total.all + of_owner("key:b", 7, NOW).total.all == sum(
        sum(counts[status.value] for status in STATUSES) for counts in by_hand()[1].values()
    )


def test_later_changes_are_corrected_by_the_next_run(rows):
    rows.add(120, back=rollups.STILL_CHANGING)
    rollups.roll_up(NOW)
    rows.change_some()
    assert as_told() != by_hand()
    assert rollups.roll_up(NOW) > 0
    assert as_told() == by_hand()


def test_an_hour_is_looked_at_again_after_a_twelfth_of_its_age(rows, monkeypatch):
    end = hour(NOW)
    for age, status in (
        (0, "sent"),
        (12, "sent"),
        (47, "sent"),
        (100, "sent"),
        (100, "queued"),
        (49, "queued"),
    ):
        rows.message(end - (age + 1) * HOUR, status=status)
    db.session.commit()
    rollups.roll_up(NOW)
    looked, count = [], rollups.roll_up_hour
    monkeypatch.setattr(
        rollups, "roll_up_hour", lambda at, _: looked.append((end - at) // HOUR - 1) or count(at)
    )

    def seen(later):
        looked.clear()
        rollups.roll_up(NOW + later, only_due=True)
        return sorted(age for age in looked if age in (0, 12, 47, 49, 100))

    assert seen(timedelta()) == []
    assert seen(timedelta(minutes=5)) == [0]
    assert seen(timedelta(minutes=59)) == [0]
    assert seen(timedelta(hours=1, minutes=10)) == [0, 12, 49, 100]
    assert seen(timedelta(hours=1, minutes=20)) == [0]
    assert seen(timedelta(hours=4, minutes=20)) == [0, 12, 47, 49, 100]
    assert seen(timedelta(hours=4)) == [0, 12, 47, 49, 100], "the clock was set back"
    transaction(lambda session: rollups.set_aside(session, [end - 48 * HOUR]))
    assert seen(timedelta(hours=4, minutes=1)) == [47], "it was purged"


@pytest.mark.parametrize("hours", [1, 40, 67, 71])
def test_a_report_that_is_three_days_late_is_counted(rows, hours):
    begin = hour(NOW) - 5 * HOUR
    rows.message(begin, status="sent")
    db.session.commit()
    now = begin + HOUR
    while now < begin + HOUR + rollups.STILL_CHANGING + timedelta(hours=9):
        rollups.roll_up(now, only_due=True)
        now += timedelta(minutes=15)
        if now == begin + HOUR + timedelta(hours=hours):
            db.session.execute(update(Message).values(status="delivered"))
            db.session.commit()
    assert as_told() == by_hand()
    looked_at = select(RolledHour.looked_at).where(RolledHour.hour == begin)
    before = db.session.scalar(looked_at)
    db.session.rollback()
    rollups.roll_up(now + timedelta(days=9), only_due=True)
    assert db.session.scalar(looked_at) == before, "no longer looked at"


@pytest.fixture
def busy(monkeypatch):
    monkeypatch.setattr(rollups, "MANY", 10)


def test_an_hour_with_many_messages_is_rolled_up_while_it_goes_on(rows, busy):
    begin, until = hour(NOW), NOW - rollups.LATE_COMMITS
    rows.add(40, back=timedelta(minutes=40))
    rows.add(40, back=timedelta(days=2))
    assert rollups.roll_up(NOW) > 0
    assert rollups.uncounted(db.session(), begin) == [(until, None)]
    assert as_told() == by_hand()
    rows.one(NOW)
    rows.one(NOW + timedelta(minutes=1))
    db.session.commit()
    assert as_told() == by_hand()
    assert rollups.roll_up(NOW) == 0
    rows.change_some()
    later = NOW + timedelta(minutes=5)
    assert rollups.roll_up(later, only_due=True) > 0
    assert rollups.uncounted(db.session(), begin) == [(later - rollups.LATE_COMMITS, None)]
    rollups.roll_up(later)
    assert as_told() == by_hand()
    rollups.roll_up(begin + HOUR + timedelta(minutes=1, seconds=1))
    assert rollups.uncounted(db.session(), begin) == [(begin + HOUR, None)], (
        "all of it, though codes may change"
    )
    rows.change_some()
    rollups.roll_up(begin + HOUR + rollups.QUIET)
    assert as_told() == by_hand()
    assert db.session.scalar(select(RolledHour.counted_until).where(RolledHour.hour == begin)) is None


def test_what_an_older_release_or_a_purge_writes_of_a_busy_hour_is_counted_once(rows, busy):
    begin = hour(NOW)
    rows.add(40, back=timedelta(minutes=40))
    rows.add(5, back=timedelta(days=1))
    rollups.roll_up(NOW)
    transaction(lambda session: rollups.set_aside(session, [begin]))
    assert rollups.uncounted(db.session(), begin) == [(begin, None)]
    assert as_told() == by_hand()
    rollups.roll_up(NOW)
    rows.add(10, back=timedelta(minutes=30))
    db.session.execute(update(RolledHour).where(RolledHour.hour == begin).values(is_current=False))
    db.session.commit()
    rollups.roll_up_hour(begin)
    db.session.execute(update(RolledHour).values(counted_until=NOW, counted_version=RolledHour.version - 1))
    db.session.commit()
    assert rollups.uncounted(db.session(), begin) == [(begin + HOUR, None)], "of another version"
    assert as_told() == by_hand()
    rollups.roll_up(begin + HOUR + rollups.QUIET)
    assert as_told() == by_hand()


def test_a_busy_hour_whose_end_nobody_counted_is_counted_when_somebody_does(rows, busy):
    rows.add(40, back=timedelta(minutes=40))
    rollups.roll_up(NOW)
    rows.one(NOW + timedelta(minutes=10))
    db.session.commit()
    days_later = NOW + timedelta(days=6)
    assert as_told() == by_hand()
    assert rollups.roll_up(days_later, only_due=True) > 0
    assert rollups.uncounted(db.session(), hour(NOW))[0][0] >= hour(NOW) + HOUR
    assert as_told() == by_hand()


@pytest.mark.slow
def test_a_message_that_waits_for_days_is_corrected_however_old_its_hour(rows):
    at = NOW - timedelta(days=5)
    rows.message(at, status="queued")
    rows.message(at, status="sent")
    db.session.commit()
    rollups.roll_up(NOW)
    db.session.execute(update(Message).where(Message.status == "queued").values(status="delivered"))
    db.session.commit()
    assert rollups.roll_up(NOW) == 1
    assert as_told() == by_hand()
    assert rollups.roll_up(NOW) == 0


def test_a_run_that_finds_nothing_new_writes_nothing(rows):
    rows.add(60)
    rollups.roll_up(NOW)
    versions = dict(db.session.execute(select(RolledHour.hour, RolledHour.version)).all())
    db.session.rollback()
    assert rollups.roll_up(NOW) == 0
    assert dict(db.session.execute(select(RolledHour.hour, RolledHour.version)).all()) == versions


def test_an_hour_is_left_alone_until_its_codes_have_ended(rows):
    ended = hour(NOW)
    rows.message(ended - timedelta(minutes=1), status="sent")
    db.session.commit()
    assert rollups.roll_up(ended + rollups.QUIET - timedelta(seconds=1)) == 0
    assert rollups.roll_up(ended + rollups.QUIET) == 1


def test_nothing_is_rolled_up_where_there_is_nothing():
    assert rollups.roll_up(NOW) == 0
    assert as_told() == ({}, {}, {})


def test_hours_without_messages_are_remembered_as_such(rows):
    rows.message(NOW - timedelta(hours=9), status="sent")
    db.session.commit()
    rollups.roll_up(NOW)
    begin = hour(NOW) - 9 * HOUR
    assert rollups.uncounted(db.session(), SINCE) == [(SINCE, begin), (hour(NOW), None)]


def test_parallel_runs_count_nothing_twice(app, rows):
    rows.add(80, back=timedelta(hours=30))
    failures = []

    def run():
        with app.app_context():
            try:
                rollups.roll_up(NOW)
            except Exception as error:  # noqa: BLE001 - reported by the test
                failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert as_told() == by_hand()


def test_a_run_that_counted_before_another_wrote_counts_again(rows, monkeypatch):
    at = hour(NOW) - 5 * HOUR
    rows.message(at, status="sent")
    db.session.commit()
    count, raced = rollups.traffic_counts.of_span, []

    def slow(*arguments):
        counted = count(*arguments)
        if not raced:
            raced.append(True)
            rows.message(at, status="failed")
            db.session.commit()
            assert rollups.roll_up_hour(at)
        return counted

    monkeypatch.setattr(rollups.traffic_counts, "of_span", slow)
    rollups.roll_up_hour(at)
    assert as_told() == by_hand()


@pytest.mark.slow
@pytest.mark.parametrize("age", [timedelta(days=3), timedelta(hours=20), timedelta(minutes=30)])
def test_purged_messages_still_count(rows, age):
    rows.add(200)
    before = by_hand()
    rollups.roll_up(NOW)
    with time_machine.travel(NOW, tick=False):
        assert retention.purge(age)["messages"] > 0
    assert _without_purposes(as_told()) == _without_purposes(before)
    rollups.roll_up(NOW)
    assert _without_purposes(as_told()) == _without_purposes(before)
    retention.purge(timedelta())
    assert _without_purposes(as_told()) == _without_purposes(before)
    rollups.roll_up(NOW)
    assert _without_purposes(as_told()) == _without_purposes(before)
    assert not db.session.scalars(select(TrafficHour).where(TrafficHour.is_purged.is_(False))).all()


def _without_purposes(counted):
    """Leave out the purpose: a message that outlives its code by minutes forgets it."""
    by_all, *others = counted
    summed = {}
    for key, counts in by_all.items():
        summed.setdefault(key[:-1], Counter()).update(counts)
    return [summed, *others]


def test_an_hour_that_is_rolled_up_while_it_is_purged_is_tried_again(rows):
    at = hour(NOW) - 5 * HOUR
    rows.message(at, status="sent")
    db.session.commit()

    def work(session):
        if not session.scalar(select(RolledHour.hour)):
            session.execute(rollups.rolled.insert().values(hour=at, version=1, is_current=True))
            session.commit()
            raise LostRace
        rollups.set_aside(session, [at])

    transaction(work)
    assert db.session.scalar(select(RolledHour.is_current)) is False


@pytest.mark.slow
def test_a_reader_sees_one_moment_whatever_is_purged_and_rolled_up_beside_it(app, rows, monkeypatch):
    rows.add(150)
    before, uncounted, ages = by_hand(), rollups.uncounted, [4, 3, 2, 1]

    def beside():
        with app.app_context(), time_machine.travel(NOW, tick=False):
            assert retention.purge(timedelta(days=ages.pop(0)))["messages"] > 0
            rollups.roll_up(NOW)

    def disturbed(*arguments):
        spans = uncounted(*arguments)
        thread = threading.Thread(target=beside)
        thread.start()
        thread.join()
        return spans

    monkeypatch.setattr(rollups, "uncounted", disturbed)
    for _ in range(4):
        assert _without_purposes(as_told()) == _without_purposes(before)
    assert not ages


def test_roll_ups_are_kept_for_a_year_and_contain_no_destination(rows):
    rows.add(30)
    rollups.roll_up(NOW)
    with time_machine.travel(NOW + timedelta(days=360), tick=False):
        retention.purge(timedelta(days=30))
    assert db.session.scalars(select(TrafficHour)).all()
    with time_machine.travel(NOW + timedelta(days=380), tick=False):
        assert retention.purge(timedelta(days=30))["roll-ups"] > 0
    for table in (TrafficHour, OwnerHour, DeliveryHour, RolledHour):
        assert not db.session.scalars(select(table)).all()
        assert not {"to", "canonical"} & set(table.__table__.c.keys())


def test_percentiles_are_right_to_within_a_step(rows):
    rows.add(400)
    taken = sorted(
        (row.sent_at if row.status == "sent" else row.settled_at) - row.created_at
        for row in db.session.scalars(select(Message).where(Message.priority == Priority.CODE))
        if row.status in ("sent", "delivered")
    )
    rollups.roll_up(NOW)
    counts = sum(as_told()[2].values(), Counter())
    assert counts.total() == len(taken)
    for share in (0.5, 0.95):
        exact = taken[max(0, -(-len(taken) * int(share * 100) // 100) - 1)]
        begin, end = delivery_times.bounds(delivery_times.step(exact))
        assert begin <= delivery_times.percentile(counts, share) <= max(end, begin)

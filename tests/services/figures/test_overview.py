"""The overview compared with a count in Python, for every period, zone and channel."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from domain.statuses import Channel, MessageStatus
from exts import db
from models import Message, Verification
from services.figures import overview, rollups, spans, traffic
from services.figures.spans import Period
from tests.services.figures.test_rollups import Rows

pytestmark = pytest.mark.usefixtures("context")
NOW = datetime(2026, 3, 7, 12, 40, tzinfo=UTC)
ZONES = (
    "UTC",
    "America/New_York",
    "Pacific/Auckland",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Adelaide",
)


@pytest.fixture(params=["live", pytest.param("rolled up", marks=pytest.mark.slow)])
def rows(request, monkeypatch):
    made = Rows(7)
    made.add(80, back=timedelta(days=9))
    made.add(60, back=timedelta(hours=30))
    if request.param == "rolled up":
        rollups.roll_up(NOW)
    return made


def look(period, channel, zone, now=NOW):
    return overview.of(spans.of_period(period, zone, now), channel, now)


def first_day(period, zone):
    return NOW.astimezone(zone).date() - timedelta(days=period.days - 1)


def inside(row, period, zone):
    """Whether a period counts a row."""
    hour = row.created_at.replace(minute=0, second=0, microsecond=0)
    if period is Period.DAY:
        return hour > NOW - timedelta(hours=24)
    return row.created_at.astimezone(zone).date() >= first_day(period, zone)


@pytest.mark.slow
def test_it_matches_a_count_in_python(rows):
    all_messages, all_codes = (
        db.session.scalars(select(Message)).all(),
        db.session.scalars(select(Verification)).all(),
    )
    for name, period, channel in product(ZONES, Period, [None, *Channel]):
        zone = ZoneInfo(name)
        counted = [
            [row for row in made if inside(row, period, zone) and channel in (None, row.channel)]
            for made in (all_messages, all_codes)
        ]
        compare(look(period, channel, zone), *counted)


def compare(found, messages, codes):
    by_hand = Counter(row.status for row in messages)
    assert Counter(found.total.messages) == by_hand
    assert found.total.issued == len(codes)
    assert found.total.approved == sum(row.used_at is not None for row in codes)
    assert sum(slot.tally.all for slot in found.slots) == len(messages)
    assert sum(tally.all for tally in found.hours_of_day) == len(messages)
    of_gateways = Counter(row.gateway for row in messages)
    assert {part.name: part.tally.all for part in found.parts["gateway"] if part.tally.all} == of_gateways
    of_countries = Counter(row.country for row in messages if row.channel == "sms")
    assert {part.name: part.tally.all for part in found.parts["country"] if part.tally.all} == of_countries
    purposes = dict(db.session.execute(select(Verification.id, Verification.purpose)).all())
    of_purposes = Counter(purposes.get(row.verification_id) for row in messages)
    assert {part.name: part.tally.all for part in found.parts["purpose"] if part.tally.all} == of_purposes


def numbers(tally):
    return [*tally.messages.values(), tally.issued, tally.approved, tally.pending]


@pytest.mark.parametrize("name", ["UTC", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Adelaide"])
@pytest.mark.parametrize("many", [10, 10_000], ids=["busy", "quiet"])
def test_what_changes_after_a_roll_up_is_of_one_day_only(name, many, monkeypatch):
    monkeypatch.setattr(rollups, "MANY", many)
    zone, rows = ZoneInfo(name), Rows(3)
    midnight = datetime(2026, 3, 7, tzinfo=zone).astimezone(UTC)
    for number, minutes in enumerate(range(-60, 60, 3)):
        at = midnight + timedelta(minutes=minutes)
        rows.verification(f"v{number}", at, "key:a", "sms", rows.message(at, of=f"v{number}", status="sent"))
    db.session.commit()
    db.session.execute(update(Verification).values(used_at=None))
    db.session.commit()
    now = midnight + timedelta(minutes=57)
    for rolled_at in (now - timedelta(minutes=20), now + timedelta(hours=5)):
        rollups.roll_up(rolled_at)
        late = "undelivered" if db.session.scalar(select(Verification.used_at)) else "delivered"
        db.session.execute(update(Message).where(Message.created_at < midnight).values(status=late))
        entered = update(Verification).where(Verification.created_at < midnight)
        db.session.execute(entered.values(used_at=Verification.created_at))
        db.session.commit()
        found = look(Period.WEEK, None, zone, max(now, rolled_at))
        messages, codes = (
            Counter(at.astimezone(zone).date() for at in db.session.scalars(select(kind.created_at)))
            for kind in (Message, Verification)
        )
        for slot in found.slots:
            assert (slot.tally.all, slot.tally.issued) == (
                messages[slot.begin.date()],
                codes[slot.begin.date()],
            )
            assert min(numbers(slot.tally), default=0) >= 0
        for part in (one for parts in found.parts.values() for one in parts):
            assert min(numbers(part.tally)) >= 0
        assert found.total.approved <= found.total.issued


@pytest.mark.parametrize("name", ["UTC", "Asia/Kolkata"])
def test_open_codes_are_of_the_day_on_which_they_were_made(name):
    zone = ZoneInfo(name)
    midnight = datetime(2026, 3, 7, tzinfo=zone).astimezone(UTC)
    rows = Rows(3)
    for number, minutes in enumerate([-5, -4, -3, 1]):
        at = midnight + timedelta(minutes=minutes)
        rows.verification(f"v{number}", at, "key:a", "sms", rows.message(at, of=f"v{number}"))
    db.session.commit()
    db.session.execute(update(Verification).values(used_at=None))
    db.session.commit()
    found = look(Period.WEEK, None, zone, midnight + timedelta(minutes=4))
    assert [(slot.tally.issued, slot.tally.pending) for slot in found.slots][-2:] == [(3, 3), (1, 1)]
    today = spans.of_days(*[midnight.astimezone(zone).date()] * 2, zone, midnight + timedelta(minutes=4))
    assert overview.of(today, None, midnight + timedelta(minutes=4)).total.pending == 1


def test_looks_from_different_hours_share_no_answer(monkeypatch):
    monkeypatch.setattr(
        rollups, "state", lambda *_: (1, 1)
    )  # one hour less at the front, a new one at the end
    rows, hour = Rows(5), NOW.replace(minute=0)
    rows.message(hour - timedelta(hours=3))
    db.session.commit()
    rollups.roll_up(hour)

    def count(since):
        inside = hour - timedelta(hours=4)
        found = traffic.look(since, lambda counts: counts.within(inside, None).by("channel"))
        return sum(tally.all for tally in found.values())

    assert count(hour - timedelta(hours=5)) == 1
    rows.message(hour - timedelta(hours=2))
    db.session.commit()
    rollups.roll_up(hour)
    assert count(hour - timedelta(hours=4)) == 2


def test_slots_are_hours_of_a_day_or_days_of_the_reader(rows):
    times = db.session.scalars(select(Message.created_at)).all()
    for zone in map(ZoneInfo, ZONES[1:]):
        day = look(Period.DAY, None, zone)
        assert len(day.slots) == 24
        assert day.slots[-1].begin == datetime(2026, 3, 7, 12, tzinfo=UTC)
        month = look(Period.MONTH, None, zone)
        last_day = NOW.astimezone(zone).date()
        assert [slot.begin.date() for slot in month.slots][::29] == [first_day(Period.MONTH, zone), last_day]
        of_days = Counter(at.astimezone(zone).date() for at in times)
        for slot in month.slots:
            assert slot.tally.all == of_days[slot.begin.date()]


def test_a_day_is_a_day_when_the_clocks_change(rows):
    zone = ZoneInfo("America/New_York")
    now = datetime(2026, 3, 12, 12, tzinfo=UTC)
    rows.message(datetime(2026, 3, 8, 4, 30, tzinfo=UTC))
    rows.message(datetime(2026, 3, 8, 5, 30, tzinfo=UTC))
    rows.message(datetime(2026, 3, 9, 3, 30, tzinfo=UTC))
    rows.message(datetime(2026, 3, 9, 4, 30, tzinfo=UTC))
    db.session.commit()
    found = {
        slot.begin.date().isoformat(): slot.tally.all for slot in look(Period.WEEK, None, zone, now).slots
    }
    assert (found["2026-03-08"], found["2026-03-09"]) == (2, 1)


def test_time_to_deliver_is_shown_in_total_over_time_and_by_gateway(rows):
    found = look(Period.MONTH, None, UTC)
    assert found.delay.p50 is not None
    assert found.delay.p50 <= found.delay.p95
    assert any(slot.delay.p95 for slot in found.slots)
    assert {part.name for part in found.parts["gateway"] if part.delay} == {None, "main", "spare"}
    assert {part.name for part in found.parts["channel"] if part.delay} == {"sms", "email"}


def test_the_largest_part_comes_first(rows):
    rows.add(1)
    for parts in look(Period.QUARTER, None, UTC).parts.values():
        sizes = [part.tally.all for part in parts]
        assert sizes == sorted(sizes, reverse=True)


def test_an_empty_overview_works():
    found = look(Period.WEEK, None, UTC)
    assert (found.total.all, found.total.conversion, found.delay.p50) == (0, None, None)
    assert len(found.slots) == 7
    assert MessageStatus.SENT not in found.total.messages


@pytest.mark.parametrize("name", ["UTC", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu"])
def test_a_range_of_days_matches_a_count_in_python(rows, name):
    zone = ZoneInfo(name)
    messages, codes = (db.session.scalars(select(kind)).all() for kind in (Message, Verification))
    today = NOW.astimezone(zone).date()
    for first, last in ((9, 3), (5, 0), (3, 3), (0, 0)):
        begin, end = (today - timedelta(days=back) for back in (first, last))
        found = overview.of(spans.of_days(begin, end, zone, NOW), None, NOW)
        made = [
            [row for row in every if begin <= row.created_at.astimezone(zone).date() <= end]
            for every in (messages, codes)
        ]
        compare(found, *made)
        assert found.span.days == (begin, end)
        assert found.span.is_over is (last > 0)
    assert found.span.is_by_hour
    assert [slot.begin.hour for slot in found.slots][:2] == [0, 1]


def test_an_hour_of_a_day_holds_what_was_made_in_it(rows):
    zone = ZoneInfo("Asia/Kathmandu")
    day = (NOW - timedelta(days=1)).astimezone(zone).date()
    found = overview.of(spans.of_days(day, day, zone, NOW), None, NOW)
    assert len(found.slots) == 24
    of_hours = Counter(
        row.created_at.astimezone(zone).hour
        for row in db.session.scalars(select(Message))
        if row.created_at.astimezone(zone).date() == day
    )
    assert {slot.begin.hour: slot.tally.all for slot in found.slots if slot.tally.all} == of_hours


def test_the_time_before_is_as_long_and_ends_at_the_same_hour(rows):
    messages = db.session.scalars(select(Message)).all()
    for period, since, until in (
        (Period.WEEK, datetime(2026, 2, 22, tzinfo=UTC), datetime(2026, 2, 28, 13, tzinfo=UTC)),
        (Period.DAY, datetime(2026, 3, 5, 13, tzinfo=UTC), datetime(2026, 3, 6, 13, tzinfo=UTC)),
    ):
        found = look(period, None, UTC).before
        assert found.begin == since
        assert found.tally.all == sum(since <= row.created_at < until for row in messages), period
        assert Counter(found.tally.messages) == Counter(
            row.status for row in messages if since <= row.created_at < until
        )
    assert look(Period.DAY, Channel.SMS, UTC).before.tally.all == sum(
        since <= row.created_at < until and row.channel == "sms" for row in messages
    )
    for period, zone in product((Period.WEEK, Period.DAY), (UTC, ZoneInfo("America/New_York"))):
        found = look(period, None, zone)
        length = timedelta(days=7) if period is Period.WEEK else timedelta(days=1)
        ends = [*(begin - length for begin in found.span.begins[1:]), found.span.before[1]]
        assert found.earlier == [
            sum(begin - length <= row.created_at < end for row in messages)
            for begin, end in zip(found.span.begins, ends, strict=True)
        ]
        assert sum(found.earlier) == found.before.tally.all > 0


def test_codes_that_may_still_be_entered_are_pending_and_no_failures():
    made = Rows(3)
    for number, values in enumerate(
        ({}, {"used_at": NOW}, {"canceled_at": NOW}, {"attempts": 5}, {"expires_at": NOW})
    ):
        at = NOW - timedelta(minutes=3)
        made.verification(f"v{number}", at, "key:a", "sms", made.message(at, of=f"v{number}"))
        db.session.flush()
        row = db.session.get(Verification, f"v{number}")
        row.used_at, row.expires_at = None, NOW + timedelta(minutes=5)
        for name, value in values.items():
            setattr(row, name, value)
    db.session.commit()
    found = look(Period.WEEK, None, UTC)
    assert (found.total.issued, found.total.pending, found.total.conversion) == (5, 1, 0.25)
    assert found.slots[-1].tally.pending == 1
    assert sum(part.tally.pending for part in found.parts["purpose"]) == 1
    assert look(Period.WEEK, Channel.EMAIL, UTC).total.pending == 0
    yesterday = NOW.date() - timedelta(days=1)
    past = overview.of(spans.of_days(yesterday, yesterday, UTC, NOW), None, NOW)
    assert past.total.pending == 0

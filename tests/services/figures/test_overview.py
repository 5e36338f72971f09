"""The overview compared with a count in Python, for every period, zone and channel."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from domain.statuses import Channel, MessageStatus
from exts import db
from models import Message, Verification
from services.figures import overview, rollups
from services.figures.overview import Period
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


@pytest.fixture(params=["live", "rolled up"])
def rows(request, monkeypatch):
    made = Rows(7)
    made.add(80, back=timedelta(days=9))
    made.add(60, back=timedelta(hours=30))
    if request.param == "rolled up":
        rollups.roll_up(NOW)
    return made


def first_day(period, zone):
    return NOW.astimezone(zone).date() - timedelta(days=period.days - 1)


def inside(row, period, zone):
    """Whether a period counts a row."""
    hour = row.created_at.replace(minute=0, second=0, microsecond=0)
    if period is Period.DAY:
        return hour > NOW - timedelta(hours=24)
    return row.created_at.astimezone(zone).date() >= first_day(period, zone)


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
        compare(overview.of(period, channel, zone, NOW), *counted)


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


def test_slots_are_hours_of_a_day_or_days_of_the_reader(rows):
    times = db.session.scalars(select(Message.created_at)).all()
    for zone in map(ZoneInfo, ZONES[1:]):
        day = overview.of(Period.DAY, None, zone, NOW)
        assert len(day.slots) == 24
        assert day.slots[-1].begin == datetime(2026, 3, 7, 12, tzinfo=UTC)
        month = overview.of(Period.MONTH, None, zone, NOW)
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
        slot.begin.date().isoformat(): slot.tally.all
        for slot in overview.of(Period.WEEK, None, zone, now).slots
    }
    assert (found["2026-03-08"], found["2026-03-09"]) == (2, 1)


def test_time_to_deliver_is_shown_in_total_over_time_and_by_gateway(rows):
    found = overview.of(Period.MONTH, None, UTC, NOW)
    assert found.delay.p50 is not None
    assert found.delay.p50 <= found.delay.p95
    assert any(slot.delay.p95 for slot in found.slots)
    assert {part.name for part in found.parts["gateway"] if part.delay} == {None, "main", "spare"}
    assert {part.name for part in found.parts["channel"] if part.delay} == {"sms", "email"}


def test_the_largest_part_comes_first(rows):
    rows.add(1)
    for parts in overview.of(Period.QUARTER, None, UTC, NOW).parts.values():
        sizes = [part.tally.all for part in parts]
        assert sizes == sorted(sizes, reverse=True)


def test_an_empty_overview_works():
    found = overview.of(Period.WEEK, None, UTC, NOW)
    assert (found.total.all, found.total.conversion, found.delay.p50) == (0, None, None)
    assert len(found.slots) == 7
    assert MessageStatus.SENT not in found.total.messages

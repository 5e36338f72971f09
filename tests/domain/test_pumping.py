from datetime import UTC, datetime, timedelta

import pytest

from domain import pumping
from domain.pumping import Closures, Rule

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
RULE = Rule(30, 10)


@pytest.mark.parametrize(
    ("sends", "approved", "broken"),
    [(29, 0, False), (30, 0, True), (30, 2, True), (30, 3, False), (31, 3, True), (1000, 100, False)],
)
def test_thirty_sends_with_less_than_a_tenth_entered_break_the_rule(sends, approved, broken):
    assert RULE.is_broken(sends, approved) is broken


def test_the_nearest_to_a_closure_has_many_codes_of_which_few_were_entered():
    assert RULE.nearness(15, 1) == 0.5
    assert RULE.nearness(60, 0) == 2
    assert RULE.nearness(29, 3) == 0, "a tenth is enough"


@pytest.mark.parametrize("rule", [Rule(0, 10), Rule(30, 0)])
def test_a_rule_of_zero_is_never_broken(rule):
    assert not rule.is_on
    assert not rule.is_broken(1_000_000, 0)
    assert rule.nearness(1_000_000, 0) == 0


def test_without_a_prefix_limit_there_is_no_guard():
    settings = {"PUMPING_GUARD_SENDS_PER_HOUR": 30, "PUMPING_GUARD_APPROVED_PERCENT": 10}
    assert Rule.of(settings | {"PREFIX_SENDS_PER_10_MINUTES": 20}) == RULE
    assert not Rule.of(settings | {"PREFIX_SENDS_PER_10_MINUTES": 0}).is_on


def test_each_closure_is_twice_as_long_up_to_twelve_hours():
    hours = [pumping.length(number) // timedelta(hours=1) for number in (1, 2, 3, 4, 5, 6, 1000)]
    assert hours == [1, 2, 4, 8, 12, 12, 12]


def test_a_quiet_day_resets_the_closure_time():
    assert pumping.times(0, None, NOW) == 1
    assert pumping.times(3, NOW - timedelta(hours=23), NOW) == 4
    assert pumping.times(3, NOW - timedelta(hours=24), NOW) == 1
    assert pumping.times(0, NOW, NOW) == 1, "a person has opened it"


def test_sends_before_the_opening_no_longer_count():
    assert pumping.counts_from(None, NOW) == NOW - timedelta(hours=1)
    assert pumping.counts_from(NOW - timedelta(hours=3), NOW) == NOW - timedelta(hours=1)
    assert pumping.counts_from(NOW - timedelta(minutes=3), NOW) == NOW - timedelta(minutes=3)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("+4917", "+4917"),
        (" +49 (170) 123-45 ", "+4917012345"),
        ("0086138", "+86138"),
        ("+", None),
        ("4917", None),
        ("+0123", None),
        ("+1234567890123456", None),
        ("+49x", None),
        ("+٤٩", None),
        ("", None),
    ],
)
def test_the_safe_list_takes_prefixes_as_people_write_them(typed, kept):
    assert pumping.parse_safe(typed) == kept


def test_a_closed_prefix_lets_safe_numbers_through():
    until = NOW + timedelta(hours=1)
    closures = Closures({"+86138": until}, safe=("+8613899",))
    assert closures.closed_until("+86138", "+861380000", NOW) == until
    assert closures.closed_until("+86138", "+861389900", NOW) is None
    assert closures.closed_until("+86138", "+861380000", until) is None
    assert closures.closed_until("+86139", "+861390000", NOW) is None
    assert closures.closed_until(None, "a@b.org", NOW) is None

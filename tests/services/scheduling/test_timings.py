"""When schedules are due."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from domain.errors import InvalidInput
from domain.zones import parse_zone
from services.scheduling.timings import Every, parse_crontab, parse_every, timing

BERLIN = ZoneInfo("Europe/Berlin")


def due(line, zone, start, count):
    """Return the next times of a crontab line as its zone's clocks show them."""
    rule = parse_crontab(line, ZoneInfo(zone))
    shown = []
    for _ in range(count):
        start = rule.next_after(start)
        shown.append(start.astimezone(rule.zone).strftime("%d %H:%M %z"))
    return shown


def test_an_interval_is_counted_from_the_last_run():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert Every(90).next_after(start) == start + timedelta(seconds=90)


def test_an_interval_does_not_drift_by_a_late_look():
    due_at = datetime(2026, 1, 1, tzinfo=UTC)
    assert Every(60).counted_from(due_at, due_at + timedelta(seconds=1.5)) == due_at


@pytest.mark.parametrize(("seconds", "late"), [(60, 6), (2, 1.5), (86_400, 43_000)])
def test_a_missed_interval_restarts(seconds, late):
    due_at = datetime(2026, 1, 1, tzinfo=UTC)
    now = due_at + timedelta(seconds=late)
    assert Every(seconds).counted_from(due_at, now) == now


def test_a_crontab_line_is_read_in_its_zone():
    noon = datetime(2026, 1, 15, 12, tzinfo=UTC)
    assert due("17 3 * * *", "Asia/Shanghai", noon, 2) == ["16 03:17 +0800", "17 03:17 +0800"]
    assert parse_crontab("17 3 * * *", ZoneInfo("Asia/Shanghai")).next_after(noon).tzinfo is UTC


def test_a_time_that_spring_leaves_out_comes_when_the_clock_jumps():
    before = datetime(2026, 3, 27, 12, tzinfo=UTC)
    assert due("30 2 * * *", "Europe/Berlin", before, 3) == [
        "28 02:30 +0100",
        "29 03:30 +0200",
        "30 02:30 +0200",
    ]


def test_a_fixed_hour_that_autumn_repeats_comes_once():
    before = datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert due("30 2 * * *", "Europe/Berlin", before, 2) == ["25 02:30 +0200", "26 02:30 +0100"]


def test_every_hour_is_every_real_hour_when_clocks_change():
    for before in (datetime(2026, 3, 28, 22, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)):
        rule = parse_crontab("30 * * * *", BERLIN)
        moments = [before := rule.next_after(before) for _ in range(6)]
        assert {later - sooner for sooner, later in pairwise(moments)} == {timedelta(hours=1)}


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "Australia/Lord_Howe", "Antarctica/Troll", "America/Havana"]
)
@pytest.mark.parametrize("line", ["7 * * * *", "*/20 1-4 * * *", "0,30 2,3 * * *", "15 0 * * *"])
def test_times_only_go_forward_through_a_whole_year(zone, line):
    moment, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    rule = parse_crontab(line, ZoneInfo(zone))
    while moment < end:
        following = rule.next_after(moment)
        assert moment < following <= moment + timedelta(hours=27)
        moment = following


def test_a_leap_day_is_found_over_the_longest_gap():
    assert parse_crontab("0 0 29 2 *", BERLIN).next_after(datetime(2096, 3, 1, tzinfo=UTC)).year == 2104


@pytest.mark.parametrize(
    "line",
    [
        "",
        "* * * *",
        "* * * * * *",
        "61 * * * *",
        "* 24 * * *",
        "0 0 30 2 *",
        "*/0 * * * *",
        "a b c d e",
        "0 0 * * fun",
        "-1 * * * *",
    ],
)
def test_a_broken_line_is_refused_by_name(line):
    with pytest.raises(InvalidInput) as refused:
        parse_crontab(line, BERLIN)
    assert refused.value.problems[0].field == "cron"


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("5m", 300), ("1h", 3600), ("2d", 172_800)])
def test_an_interval_is_read_with_its_unit(text, seconds):
    assert parse_every(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "5w", "-5s", "1.5h", "٣s", "s", "9999999999s"])
def test_an_invalid_interval_is_refused(text):
    with pytest.raises(InvalidInput):
        parse_every(text)


@pytest.mark.parametrize(
    "name", ["", "Nowhere", "America", "../etc/passwd", "/etc/localtime", "Europe/Berlin\0", "x" * 300]
)
def test_an_unknown_zone_is_refused(name):
    with pytest.raises(InvalidInput):
        parse_zone(name)


@pytest.mark.parametrize(
    ("every", "line"), [(None, None), (60, "* * * * *"), (0, None), (-5, None), (10**9, None)]
)
def test_a_schedule_is_either_a_sensible_interval_or_a_line(every, line):
    with pytest.raises(InvalidInput):
        timing(every, line, "UTC")


@pytest.mark.parametrize(
    ("days", "same"),
    [
        ("7", "0"),
        ("1-7", "*"),
        ("0-7", "*"),
        ("sun-7", "*"),
        ("7-7", "0"),
        ("5-7", "5,6,0"),
        ("7-2", "0-2"),
        ("1,7", "0,1"),
        ("6-7,3", "0,3,6"),
        ("1-7/2", "1,3,5,0"),
    ],
)
def test_sunday_may_be_7(days, same):
    start = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert due(f"0 9 * * {days}", "UTC", start, 8) == due(f"0 9 * * {same}", "UTC", start, 8)


@pytest.mark.parametrize("days", ["8", "1-8", "77", "7/0"])
def test_no_day_comes_after_7(days):
    with pytest.raises(InvalidInput):
        parse_crontab(f"0 9 * * {days}", ZoneInfo("UTC"))

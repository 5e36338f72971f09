from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.limits import Window, refuse, remember

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
COOLDOWN = Window("cooldown", 1, 60)
TEN_MINUTES = Window("ten_minutes", 5, 600)


def ago(seconds):
    return NOW - timedelta(seconds=seconds)


def test_without_past_sends_nothing_is_refused():
    assert refuse([], [COOLDOWN, TEN_MINUTES], NOW) is None


def test_a_cooldown_is_a_window_of_one():
    refusal = refuse([ago(18)], [COOLDOWN], NOW)
    assert (refusal.limit, refusal.retry_after) == ("cooldown", 42)
    assert refuse([ago(60)], [COOLDOWN], NOW) is None


def test_the_longest_wait_is_reported():
    events = [ago(seconds) for seconds in (500, 400, 300, 200, 30)]
    refusal = refuse(events, [COOLDOWN, TEN_MINUTES], NOW)
    assert (refusal.limit, refusal.retry_after) == ("ten_minutes", 100)


def test_zero_means_no_limit():
    assert refuse([NOW] * 100, [Window("none", 0, 600)], NOW) is None
    assert refuse([NOW] * 100, [Window("none", 1, 0)], NOW) is None
    assert remember([NOW] * 100, [Window("none", 0, 600)], NOW) == []


def test_retry_after_is_at_least_one_second():
    assert refuse([ago(59.99)], [COOLDOWN], NOW).retry_after == 1


def test_only_times_that_still_count_are_remembered():
    events = [ago(700), ago(90), ago(80)]
    assert remember(events, [COOLDOWN, TEN_MINUTES], NOW) == [ago(90), ago(80), NOW]
    assert len(remember([ago(n) for n in range(1, 50)], [COOLDOWN, TEN_MINUTES], NOW)) == 5


@given(st.lists(st.integers(0, 3_000), max_size=200), st.integers(1, 6), st.integers(1, 900))
def test_no_window_ever_holds_more_than_its_count(gaps, count, seconds):
    window = Window("w", count, seconds)
    now, kept, happened = NOW, [], []
    for gap in gaps:
        now += timedelta(seconds=gap)
        if refuse(kept, [window], now) is None:
            kept = remember(kept, [window], now)
            happened.append(now)
    for end in happened:
        since = end - timedelta(seconds=seconds)
        assert sum(since < event <= end for event in happened) <= count


@given(st.lists(st.integers(0, 2_000), max_size=30))
def test_after_the_reported_wait_a_send_is_allowed(ages):
    events = sorted(ago(age) for age in ages)
    refusal = refuse(events, [COOLDOWN, TEN_MINUTES], NOW)
    if refusal:
        assert refuse(events, [COOLDOWN, TEN_MINUTES], NOW + timedelta(seconds=refusal.retry_after)) is None

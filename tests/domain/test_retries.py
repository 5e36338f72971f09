from datetime import UTC, datetime, timedelta

from domain.retries import held_seconds, next_try_at

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FAR = NOW + timedelta(hours=1)


def waits(tries=(1, 2, 3, 4), deadline_at=FAR, **wishes):
    times = [next_try_at(n, now=NOW, deadline_at=deadline_at, **wishes) for n in tries]
    return [time and (time - NOW).total_seconds() for time in times]


def test_waits_double_from_three_seconds_to_five_minutes():
    assert waits(range(1, 11)) == [3, 6, 12, 24, 48, 96, 192, 300, 300, 300]
    assert waits([5000]) == [300]


def test_a_code_is_tried_until_just_before_its_deadline():
    at, tried, deadline_at = NOW, [], NOW + timedelta(seconds=240)
    while at:
        tried.append((at - NOW).total_seconds())
        at = next_try_at(len(tried), now=at, deadline_at=deadline_at)
    assert tried == [0, 3, 9, 21, 45, 93, 189, 225]


def test_there_are_no_more_tries_than_the_settings_allow():
    assert waits(most_tries=4) == [3, 6, 12, None]
    assert waits(most_tries=1) == [None, None, None, None]


def test_a_providers_longer_wish_is_obeyed_and_a_shorter_one_is_not():
    assert waits(retry_after=5) == [5, 6, 12, 24]
    assert waits(retry_after=900) == [900, 900, 900, 900]


def test_a_wish_beyond_the_deadline_is_not_obeyed():
    assert waits(retry_after=100, deadline_at=NOW + timedelta(seconds=30)) == [3, 6, 12, 24]


def test_nothing_is_tried_at_or_after_the_deadline():
    assert waits(deadline_at=NOW + timedelta(seconds=6)) == [3, None, None, None]


def test_a_gateway_is_left_alone_for_a_quarter_of_the_time_that_it_was_already():
    assert [held_seconds(passed) for passed in (0, 4, 40, 200, 3600)] == [2, 2, 10, 50, 60]

from datetime import UTC, datetime, timedelta

import pytest

from domain.event_tries import MOST_TRIES, is_hopeless, next_try_at

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def wait(tries, **more):
    at = next_try_at(tries, now=NOW, **more)
    return None if at is None else (at - NOW).total_seconds()


def test_eight_tries_in_somewhat_more_than_a_day():
    waits = [wait(tries) for tries in range(1, MOST_TRIES + 1)]
    assert waits == [5, 300, 1800, 7200, 18000, 36000, 36000, None]


def test_each_wait_is_up_to_a_tenth_longer():
    assert wait(1, jitter=1) == 5.5
    assert wait(4, jitter=0.5) == 7560


@pytest.mark.parametrize(("asked", "waits"), [(0, 5), (3, 5), (60, 60), (10**9, 86400)])
def test_what_the_receiver_asks_for_is_obeyed_up_to_a_day(asked, waits):
    assert wait(1, retry_after=asked) == waits


def test_after_the_last_try_nothing_is_asked_for_any_more():
    assert wait(MOST_TRIES, retry_after=60) is None


def test_five_days_of_failures_are_enough():
    assert not is_hopeless(None, NOW)
    assert not is_hopeless(NOW - timedelta(days=4, hours=23), NOW)
    assert is_hopeless(NOW - timedelta(days=5), NOW)

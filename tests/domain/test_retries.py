from datetime import UTC, datetime, timedelta

from domain.retries import next_try_at

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FAR = NOW + timedelta(hours=1)


def waits(retry_after=None, deadline_at=FAR):
    times = [next_try_at(n, now=NOW, deadline_at=deadline_at, retry_after=retry_after) for n in (1, 2, 3, 4)]
    return [time and (time - NOW).total_seconds() for time in times]


def test_tries_are_three_six_and_twelve_seconds_apart_and_four_in_all():
    assert waits() == [3, 6, 12, None]


def test_a_longer_retry_after_is_obeyed_and_a_shorter_one_is_not():
    assert waits(retry_after=5) == [5, 6, 12, None]


def test_a_retry_after_beyond_the_deadline_is_not_obeyed():
    assert waits(retry_after=100, deadline_at=NOW + timedelta(seconds=30)) == [3, 6, 12, None]


def test_nothing_is_tried_at_or_after_the_deadline():
    assert waits(deadline_at=NOW + timedelta(seconds=6)) == [3, None, None, None]

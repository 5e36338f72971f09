"""Times in buckets, and percentiles from them."""

from datetime import timedelta

import pytest

from domain.delivery_times import EDGES, bounds, percentile, step


def seconds(number):
    return timedelta(seconds=number)


def test_a_time_on_a_boundary_belongs_to_the_longer_bucket():
    for number, edge in enumerate(EDGES):
        assert step(edge) == number + 1
        assert step(edge - timedelta(microseconds=1)) == number


def test_buckets_are_contiguous_from_zero_to_the_longest():
    assert bounds(0) == (timedelta(0), EDGES[0])
    for number in range(1, len(EDGES)):
        assert bounds(number) == (EDGES[number - 1], EDGES[number])
    assert bounds(len(EDGES)) == (EDGES[-1], EDGES[-1])


def test_a_negative_time_between_two_clocks_counts_as_short():
    assert step(seconds(-1)) == 0


@pytest.mark.parametrize(
    ("counts", "share", "wanted"),
    [
        ({}, 0.5, None),
        ({5: 0}, 0.5, None),
        ({5: 4}, 0.5, seconds(0.85)),
        ({5: 1, 8: 1}, 0.5, seconds(1)),
        ({5: 90, 8: 10}, 0.95, seconds(2.5)),
        ({len(EDGES): 3}, 0.95, EDGES[-1]),
    ],
)
def test_percentiles(counts, share, wanted):
    assert percentile(counts, share) == wanted

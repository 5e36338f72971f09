"""A histogram of delivery times in fixed steps: small to keep, and any sum of them yields percentiles."""

from bisect import bisect_right
from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise

_SECONDS = (0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1800)
EDGES = tuple(timedelta(seconds=seconds) for seconds in _SECONDS)
"""Where one step ends and the next begins; a time on an edge belongs to the longer step. The last step has no end."""
_STEPS = tuple(pairwise((timedelta(0), *EDGES, EDGES[-1])))


def step(time: timedelta) -> int:
    """Return the number of a time's step; a negative time, which two clocks can produce, is in the first."""
    return bisect_right(EDGES, time)


def bounds(number: int) -> tuple[timedelta, timedelta]:
    """Return where a step begins and ends; the last one, which has no end, ends where it begins."""
    return _STEPS[number]


def percentile(counts: Mapping[int, int], share: float) -> timedelta | None:
    """Return the time within which `share` of the deliveries were done, exact to one step; None without deliveries."""
    wanted = share * sum(counts.values())
    passed = 0
    for number, count in sorted(counts.items()):
        if count and passed + count >= wanted:
            begin, end = bounds(number)
            return begin + (end - begin) * ((wanted - passed) / count)
        passed += count
    return None

"""Traffic over time: mornings and evenings are busy, weekends are not, and one afternoon a carrier was down."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

DAYS = 30
HOUR = timedelta(hours=1)
CURVE = (20, 13, 9, 7, 7, 12, 25, 48, 72, 88, 94, 92, 84, 86, 90, 88, 84, 88, 98, 104, 100, 84, 58, 34)
"""How busy each hour of a day is (UTC)."""
WEEK = (1.0, 1.03, 1.04, 1.02, 0.97, 0.71, 0.66)
GROWTH = 0.25
"""How much busier the last day is than the first."""
OUTAGE_DAYS_AGO, OUTAGE_HOURS = 9, range(13, 17)


def hours(count: int, until: datetime, chance: Random) -> Iterator[tuple[datetime, int]]:
    """Yield each hour of the last 30 days with its share of `count`, oldest first; the last hour is incomplete."""
    last = until.replace(minute=0, second=0, microsecond=0)
    starts = [last - HOUR * back for back in range(DAYS * 24 - 1, -1, -1)]
    weights = [_weight(start, place / len(starts), chance) for place, start in enumerate(starts)]
    weights[-1] *= (until - last) / HOUR
    total, given, passed = sum(weights), 0, 0.0
    for start, weight in zip(starts, weights, strict=True):
        passed += weight
        upto = round(count * passed / total)
        yield start, upto - given
        given = upto


def is_outage(at: datetime, until: datetime) -> bool:
    """Tell whether the carrier was down."""
    return (until.date() - at.date()).days == OUTAGE_DAYS_AGO and at.hour in OUTAGE_HOURS


def _weight(start: datetime, age: float, chance: Random) -> float:
    return CURVE[start.hour] * WEEK[start.weekday()] * (1 + GROWTH * age) * chance.uniform(0.9, 1.1)

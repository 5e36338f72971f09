"""The periods of the overview: the hours of one day, or whole days in the reader's zone."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum

from services.figures.traffic_counts import HOUR, hour_of

MOST_DAYS = 366
"""The longest range of one's own."""
DAY = timedelta(days=1)


class Period(StrEnum):
    """How far back."""

    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"
    QUARTER = "90d"

    @property
    def days(self) -> int:
        """The number of days, including today."""
        return {"24h": 1, "7d": 7, "30d": 30, "90d": 90}[self]


@dataclass(frozen=True, slots=True)
class Span:
    """When each hour or day begins, in the reader's zone; `until` is when the last one ends, now where it has not."""

    begins: Sequence[datetime]
    until: datetime
    is_by_hour: bool
    is_over: bool
    """Whether it ended before now."""

    @property
    def since(self) -> datetime:
        """Its first moment."""
        return self.begins[0]

    @property
    def days(self) -> tuple[date, date]:
        """Its first and last day, in the reader's zone."""
        zone = self.since.tzinfo
        return self.since.date(), (self.until.astimezone(zone) - timedelta(microseconds=1)).date()

    @property
    def before(self) -> tuple[datetime, datetime]:
        """The time of the same length before it, to the hour; of a span under way, as much as has passed of it."""
        length = len(self.begins) * (HOUR if self.is_by_hour else DAY)
        return _nearest_hour(self.since - length), _nearest_hour(self.until - length)

    def slot_of(self) -> Callable[[datetime], datetime]:
        """Return a function from an hour to the slot in which that hour ends."""
        ends = [begin.astimezone(UTC) for begin in self.begins]
        return lambda hour: self.begins[max(0, bisect_left(ends, hour + HOUR) - 1)]


def of_period(period: Period, zone: tzinfo, now: datetime) -> Span:
    """Return the span until now: a day as 24 hours, longer periods as whole days, today included."""
    if period is Period.DAY:
        begins = [(hour_of(now) - HOUR * back).astimezone(zone) for back in range(23, -1, -1)]
        return Span(begins, now, is_by_hour=True, is_over=False)
    today = now.astimezone(zone).date()
    return of_days(today - timedelta(days=period.days - 1), today, zone, now)


def of_days(first: date, last: date, zone: tzinfo, now: datetime) -> Span:
    """Return the span from one day to another, both included; a past day of its own by the hour.

    The caller checks that `first` is not after `last` nor in the future, and that there are at most MOST_DAYS.
    """
    end = _midnight(last + timedelta(days=1), zone)
    is_over = end <= now
    if first == last:
        since, until = _midnight(first, zone).astimezone(UTC), min(end, now).astimezone(UTC)
        begins = [(since + HOUR * number).astimezone(zone) for number in range(-((since - until) // HOUR))]
        return Span(begins, min(end, now), is_by_hour=True, is_over=is_over)
    last = min(last, now.astimezone(zone).date())
    begins = [_midnight(first + timedelta(days=number), zone) for number in range((last - first).days + 1)]
    return Span(begins, min(end, now), is_by_hour=False, is_over=is_over)


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def _nearest_hour(at: datetime) -> datetime:
    return hour_of(at.astimezone(UTC) + HOUR / 2)

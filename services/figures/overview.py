"""Traffic in a period, for a page: in total, over time, and by channel, gateway, country and purpose."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from domain.delivery_times import percentile
from domain.statuses import Channel
from exts import db
from models import Message
from models.traffic import TrafficHour
from services.figures import traffic
from services.figures.tallies import Tally
from services.figures.traffic import Traffic, tally_of
from services.figures.traffic_counts import HOUR, Counted, hour_of

INSTANT = timedelta(microseconds=1)
MOVING_DAYS = 5
"""Carriers report for three days."""
DIMENSIONS = ("channel", "gateway", "country", "purpose")


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
class Delay:
    """The median and the 95th percentile of the time in which codes were delivered."""

    p50: timedelta | None
    p95: timedelta | None


@dataclass(frozen=True, slots=True)
class Slot:
    """One hour or day; `begin` is in the reader's zone."""

    begin: datetime
    tally: Tally
    delay: Delay


@dataclass(frozen=True, slots=True)
class Part:
    """The traffic of one value of a dimension, such as one channel; `name` None is traffic without a value."""

    name: str | None
    tally: Tally
    delay: Delay | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """All views of a period. The parts of each are sorted, the largest first."""

    period: Period
    since: datetime
    total: Tally
    delay: Delay
    slots: list[Slot]
    hours_of_day: list[Tally]
    """Summed over the days, from midnight in the reader's zone."""
    parts: Mapping[str, list[Part]]
    """By the names of DIMENSIONS; only SMS have a country."""


def of(period: Period, channel: Channel | None, zone: tzinfo, now: datetime | None = None) -> Overview:
    """Return the overview until now: a day as 24 hours, longer periods as whole days in the reader's zone."""
    now = now or datetime.now(UTC)
    begins = _begins(period, zone, now)
    equal = {} if channel is None else {"channel": channel.value}
    return traffic.look(
        hour_of(begins[0].astimezone(UTC)), lambda counts: _read(counts, period, begins, zone, equal)
    )


def has_traffic() -> bool:
    """Tell whether anything was ever sent: a message is kept, or was counted before it was deleted."""
    with db.engine.connect() as connection:
        return any(
            connection.execute(select(column).limit(1)).first() for column in (Message.id, TrafficHour.hour)
        )


def _begins(period: Period, zone: tzinfo, now: datetime) -> list[datetime]:
    """Return when each hour or day of a period begins in the reader's zone."""
    if period is Period.DAY:
        return [(hour_of(now) - HOUR * back).astimezone(zone) for back in range(23, -1, -1)]
    today = now.astimezone(zone).date()
    return [_midnight(today - timedelta(days=back), zone) for back in range(period.days - 1, -1, -1)]


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def _read(
    counts: Traffic, period: Period, begins: list[datetime], zone: tzinfo, equal: dict[str, str]
) -> Overview:
    slot_of = _slot_of(period, begins, zone)
    tallies: defaultdict[datetime, Tally] = defaultdict(Tally)
    hours_of_day = [Tally()] * 24
    for (hour,), tally in counts.by("hour", **equal).items():
        tallies[slot_of(hour)] += tally
        hours_of_day[hour.astimezone(zone).hour] += tally
    times: defaultdict[datetime, Counter[int]] = defaultdict(Counter)
    of_gateway: defaultdict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    for key, steps in counts.times(**equal).items():
        times[slot_of(key.hour)].update(steps)
        of_gateway[key.channel, key.gateway].update(steps)
    too_early: defaultdict[tuple[Any, ...], Tally] = defaultdict(Tally)
    for begin, day_before, edge in _edges(counts, begins, equal):
        for found, made in edge.traffic.items():
            tally = tally_of(made)
            tallies[begin] -= tally
            if day_before is not None:
                tallies[day_before] += tally
            else:
                too_early[tuple(getattr(found, name) for name in DIMENSIONS)] += tally
                hours_of_day[found.hour.astimezone(zone).hour] -= tally
        for key, steps in edge.times.items():
            times[begin].subtract(steps)
            (
                of_gateway[key.channel, key.gateway].subtract
                if day_before is None
                else times[day_before].update
            )(steps)
    return Overview(
        period=period,
        since=counts.since,
        total=sum(tallies.values(), Tally()),
        delay=_delay(sum(times.values(), Counter())),
        slots=[Slot(begin, tallies[begin], _delay(times[begin])) for begin in begins],
        hours_of_day=hours_of_day,
        parts=_parts(
            (
                (values, tally - too_early[values])
                for values, tally in counts.by(*DIMENSIONS, **equal).items()
            ),
            _by_either(of_gateway),
        ),
    )


def _edges(
    counts: Traffic, begins: list[datetime], equal: dict[str, str]
) -> Iterator[tuple[datetime, datetime | None, Counted]]:
    """Yield for each day that begins between two hours, as in India and Nepal: what its first hour has before it."""
    settled = len(begins) - MOVING_DAYS
    for number, begin in enumerate(begins):
        end = begin.astimezone(UTC)
        if end != hour_of(end):
            found = counts.before(end, is_settled=number < settled, **equal)
            yield begin, begins[number - 1] if number else None, found


def _slot_of(period: Period, begins: list[datetime], zone: tzinfo) -> Callable[[datetime], datetime]:
    """Return a function from an hour to its slot: the day in which the hour ends."""
    if period is Period.DAY:
        return lambda hour: hour.astimezone(zone)
    by_day = {begin.date(): begin for begin in begins}
    return lambda hour: by_day.get((hour + HOUR - INSTANT).astimezone(zone).date(), begins[-1])


def _by_either(times: Mapping[tuple[str, str], Counter[int]]) -> dict[tuple[str, str], Counter[int]]:
    """Return the times by channel and by gateway, from those by both."""
    found: defaultdict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    for (channel, gateway), steps in times.items():
        found["channel", channel].update(steps)
        found["gateway", gateway].update(steps)
    return found


def _parts(
    groups: Iterable[tuple[tuple[Any, ...], Tally]], times: Mapping[tuple[str, str], Counter[int]]
) -> dict[str, list[Part]]:
    tallies: dict[str, defaultdict[str, Tally]] = {name: defaultdict(Tally) for name in DIMENSIONS}
    for values, tally in groups:
        for name, value in zip(DIMENSIONS, values, strict=True):
            if name != "country" or values[0] == Channel.SMS:
                tallies[name][value] += tally
    return {
        name: [
            Part(value or None, tally, _delay(times[name, value]) if (name, value) in times else None)
            for value, tally in sorted(found.items(), key=lambda one: -one[1].all)
        ]
        for name, found in tallies.items()
    }


def _delay(times: Mapping[int, int]) -> Delay:
    left = {step: number for step, number in times.items() if number > 0}
    return Delay(percentile(left, 0.5), percentile(left, 0.95))

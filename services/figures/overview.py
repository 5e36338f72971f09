"""Traffic in a span, for a page: in total, over time, by channel, gateway, country and purpose, and against before."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import select

from domain.delivery_times import percentile
from domain.statuses import Channel
from exts import db
from models import Message
from models.traffic import TrafficHour
from services.figures import traffic
from services.figures.spans import Span
from services.figures.tallies import Tally
from services.figures.traffic import Traffic, tally_of
from services.figures.traffic_counts import LONGEST_CODE_LIFE, Counted, Key, hour_of

MOVING = timedelta(days=5)
"""Carriers report for three days."""
DIMENSIONS = ("channel", "gateway", "country", "purpose")


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
    """All views of a span. The parts of each are sorted, the largest first."""

    span: Span
    total: Tally
    delay: Delay
    before: Slot
    """The time of the same length before."""
    earlier: list[int]
    """How many messages the hour or day at the same place of that time had."""
    slots: list[Slot]
    hours_of_day: list[Tally]
    """Summed over the days, from midnight in the reader's zone."""
    parts: Mapping[str, list[Part]]
    """By the names of DIMENSIONS; only SMS have a country."""


def of(
    span: Span, channel: Channel | None, now: datetime | None = None, *, gateway: str | None = None
) -> Overview:
    """Return the overview of a span, with `channel` or `gateway` of these only."""
    wanted = {"channel": channel and channel.value, "gateway": gateway}
    equal = {name: value for name, value in wanted.items() if value is not None}
    at = now or datetime.now(UTC)
    # the rows say of an hour that is divided what they say of its part
    apart = frozenset(hour_of(edge) for _, edge, _ in _divided(span) if edge >= at - MOVING)
    return traffic.look(span.before[0], lambda counts: _read(counts, span, at, equal), apart=apart)


def has_traffic() -> bool:
    """Tell whether anything was ever sent: a message is kept, or was counted before it was deleted."""
    with db.engine.connect() as connection:
        return any(
            connection.execute(select(column).limit(1)).first() for column in (Message.id, TrafficHour.hour)
        )


@dataclass(frozen=True, slots=True)
class _Edge:
    """What an hour has before a moment that divides it: it is not of the slot after it, but of the one before."""

    counted: Counted
    pending: Mapping[Key, int]
    after: datetime | None
    before: datetime | None


class _Sums:
    """The counts of a span while they are added up."""

    def __init__(self, span: Span) -> None:
        self.zone = span.since.tzinfo
        self.slot_of = span.slot_of()
        self.tallies: defaultdict[datetime, Tally] = defaultdict(Tally)
        self.hours_of_day = [Tally()] * 24
        self.by_values: defaultdict[tuple[Any, ...], Tally] = defaultdict(Tally)
        self.times: defaultdict[datetime, Counter[int]] = defaultdict(Counter)
        self.of_gateway: defaultdict[tuple[str, str], Counter[int]] = defaultdict(Counter)

    def add_hours(self, counts: Traffic, equal: dict[str, str]) -> None:
        """Add whole hours."""
        for (hour,), tally in counts.by("hour", **equal).items():
            self.tallies[self.slot_of(hour)] += tally
            self.hours_of_day[hour.astimezone(self.zone).hour] += tally
        for key, steps in counts.times(**equal).items():
            self.times[self.slot_of(key.hour)].update(steps)
            self.of_gateway[key.channel, key.gateway].update(steps)
        for values, tally in counts.by(*DIMENSIONS, **equal).items():
            self.by_values[values] += tally

    def add_pending(self, counts: Traffic, now: datetime, equal: dict[str, str]) -> None:
        """Add how many of the codes may still be entered."""
        for key, number in counts.pending(now, **equal).items():
            tally = Tally(pending=number)
            self.tallies[self.slot_of(key.hour)] += tally
            self.by_values[tuple(getattr(key, name) for name in DIMENSIONS)] += tally

    def move(self, edge: _Edge) -> None:
        """Take what is before an edge from the slot after it and give it to the one before; either may be outside."""
        for key, made in edge.counted.traffic.items():
            tally = tally_of(made) + Tally(pending=edge.pending.get(key, 0))
            values, place = (
                tuple(getattr(key, name) for name in DIMENSIONS),
                key.hour.astimezone(self.zone).hour,
            )
            if edge.after is not None:
                self.tallies[edge.after] -= tally
            if edge.before is not None:
                self.tallies[edge.before] += tally
            if edge.before is None:
                self.by_values[values] -= tally
                self.hours_of_day[place] -= tally
            elif edge.after is None:
                self.by_values[values] += tally
                self.hours_of_day[place] += tally
        for times_key, steps in edge.counted.times.items():
            if edge.after is not None:
                self.times[edge.after].subtract(steps)
            if edge.before is not None:
                self.times[edge.before].update(steps)
            if edge.before is None:
                self.of_gateway[times_key.channel, times_key.gateway].subtract(steps)
            elif edge.after is None:
                self.of_gateway[times_key.channel, times_key.gateway].update(steps)


def _read(counts: Traffic, span: Span, now: datetime, equal: dict[str, str]) -> Overview:
    end = hour_of(span.until.astimezone(UTC)) if span.is_over else None
    inside = counts.within(hour_of(span.since.astimezone(UTC)), end)
    sums = _Sums(span)
    sums.add_hours(inside, equal)
    if not span.is_over:
        sums.add_pending(inside, now, equal)
    for edge in _edges(counts, span, now, equal):
        sums.move(edge)
    before, earlier = _before(counts, span, equal)
    return Overview(
        span=span,
        total=sum(sums.tallies.values(), Tally()),
        delay=_delay(sum(sums.times.values(), Counter())),
        before=before,
        earlier=earlier,
        slots=[Slot(begin, sums.tallies[begin], _delay(sums.times[begin])) for begin in span.begins],
        hours_of_day=sums.hours_of_day,
        parts=_parts(sums.by_values.items(), _by_either(sums.of_gateway)),
    )


def _before(counts: Traffic, span: Span, equal: dict[str, str]) -> tuple[Slot, list[int]]:
    """Return the time before in all, and its messages by the slots at the same places."""
    since, until = span.before
    then, slot_of = counts.within(since, until), span.slot_of()
    by_hour = {hour: tally for (hour,), tally in then.by("hour", **equal).items()}
    sums: Counter[datetime] = Counter()
    for hour, tally in by_hour.items():
        sums[slot_of(hour + (span.since - since))] += tally.all
    delay = _delay(sum(then.times(**equal).values(), Counter()))
    return Slot(since, sum(by_hour.values(), Tally()), delay), [sums[begin] for begin in span.begins]


def _edges(counts: Traffic, span: Span, now: datetime, equal: dict[str, str]) -> Iterator[_Edge]:
    """Yield the edges of a span between two hours: days begin there in India and Nepal."""
    for before, at, after in _divided(span):
        may_be_open = not span.is_over and at > now - LONGEST_CODE_LIFE
        pending = counts.pending(now, at, **equal) if may_be_open else {}
        yield _Edge(counts.before(at, is_settled=at < now - MOVING, **equal), pending, after, before)


def _divided(span: Span) -> Iterator[tuple[datetime | None, datetime, datetime | None]]:
    """Yield the moments between two hours at which a slot ends or begins, with the slots' begins before and after."""
    moments: list[datetime | None] = [None, *span.begins, None]
    for before, after in pairwise(moments):
        at = (after or span.until).astimezone(UTC)
        if at != hour_of(at) and (after is not None or span.is_over):
            yield before, at, after


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

"""When a schedule is due: after an interval, or at the times of a crontab line in a time zone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Protocol
from zoneinfo import ZoneInfo

from celery.schedules import ParseException, crontab

from domain.errors import FieldProblem, InvalidInput
from domain.zones import parse_zone

LONGEST_INTERVAL = 366 * 86_400
LONGEST_WAIT_DAYS = 8 * 366 + 1
"""Two successive 29 Februaries may be eight years apart (1896 to 1904, 2096 to 2104)."""
MOST_HOURS_JUMPED = 2
"""The largest clock change of any zone (Antarctica/Troll)."""
SLIGHTLY_LATE = timedelta(seconds=5)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class Timing(Protocol):
    """The rule that determines the next run."""

    def next_after(self, moment: datetime) -> datetime:
        """Return the first time after `moment` at which a run is due."""

    def counted_from(self, due_at: datetime, now: datetime) -> datetime:
        """Return the time from which the next run is counted when the one due at `due_at` runs at `now`."""


@dataclass(frozen=True, slots=True)
class Every:
    """A run every `seconds`."""

    seconds: int

    def next_after(self, moment: datetime) -> datetime:
        """Return `moment` plus one interval."""
        return moment + timedelta(seconds=self.seconds)

    def counted_from(self, due_at: datetime, now: datetime) -> datetime:
        """Count from `due_at` if the run is only slightly late, so that it does not drift; else from `now`."""
        in_time = now - due_at < min(SLIGHTLY_LATE, timedelta(seconds=self.seconds / 2))
        return due_at if in_time else now


@dataclass(frozen=True, slots=True)
class Fields:
    """The numbers for which a crontab line is due; weekdays from 0, Sunday. A day must fit `days` and `weekdays`."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]


def _from_sunday(days: str) -> str:
    """Return one item of the weekday field with Sunday as 0: cron takes 7 as well, Celery does not."""
    span, slash, step = days.partition("/")
    first, dash, last = span.partition("-")
    if dash and last == "7" and first.lower() in ("0", "7", "sun", "sunday"):
        last = "0" if first == "7" else "6"  # 7-7 is one day, 0-7 the whole week
    first, last = ("0" if day == "7" else day for day in (first, last))
    return f"{first}{dash}{last}{slash}{step}"


@dataclass(frozen=True)
class Crontab:
    """A crontab line of five fields, with Celery's syntax and meaning: day of month *and* day of week must fit.

    When clocks go forward, a skipped time runs at the moment of the jump; when they go back, a fixed hour runs once,
    and `*` hours run in both of the repeated hours.
    """

    line: str
    zone: ZoneInfo

    @cached_property
    def _fields(self) -> crontab:
        *others, days = self.line.split()
        return crontab.from_string(" ".join([*others, ",".join(map(_from_sunday, days.split(",")))]))

    @property
    def fields(self) -> Fields:
        """What the line's five fields mean."""
        found = self._fields
        numbers = (found.minute, found.hour, found.day_of_month, found.month_of_year, found.day_of_week)
        return Fields(*map(frozenset, numbers))

    def next_after(self, moment: datetime) -> datetime:
        """Return the first time after `moment` that matches the line."""
        local = moment.astimezone(self.zone)
        for days in range(LONGEST_WAIT_DAYS):
            from_hour = 0 if days else local.hour - MOST_HOURS_JUMPED
            due = self._first_of(local.date() + timedelta(days=days), from_hour, moment)
            if due is not None:
                return due
        raise InvalidInput(FieldProblem("cron", "never matches a date"))

    def counted_from(self, due_at: datetime, now: datetime) -> datetime:
        """Count from `now`: missed runs are not made up."""
        return now

    def _first_of(self, day: date, from_hour: int, moment: datetime) -> datetime | None:
        """Return the first time of a day after `moment`; on days of a clock change, hours may be out of order."""
        due: list[datetime] = []
        found_in = 24
        for hour in self._hours_of(day, from_hour):
            if hour > found_in + MOST_HOURS_JUMPED:
                break
            due += [time for time in self._times_of(day, hour) if time > moment]
            found_in = hour if due and found_in == 24 else found_in
        return min(due, default=None)

    def _hours_of(self, day: date, from_hour: int) -> list[int]:
        fields = self._fields
        fits = (
            day.month in fields.month_of_year
            and day.day in fields.day_of_month
            and day.isoweekday() % 7 in fields.day_of_week
        )
        return sorted(hour for hour in fields.hour if hour >= from_hour) if fits else []

    def _times_of(self, day: date, hour: int) -> Iterator[datetime]:
        for minute in self._fields.minute:
            for fold in (0, 1) if len(self._fields.hour) == 24 else (0,):
                local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone, fold=fold)
                yield local.astimezone(UTC)


def timing(every_seconds: int | None, line: str | None, zone: str) -> Timing:
    """Return the timing of a schedule's columns; raises InvalidInput."""
    if (every_seconds is None) == (line is None):
        raise InvalidInput(FieldProblem("every", "or a crontab line is needed, but not both"))
    known_zone = parse_zone(zone)
    if line is not None:
        return parse_crontab(line, known_zone)
    assert every_seconds is not None
    if not 1 <= every_seconds <= LONGEST_INTERVAL:
        raise InvalidInput(FieldProblem("every", "must be between 1s and 366d"))
    return Every(every_seconds)


def parse_every(text: str) -> int:
    """Return the seconds of `30s`, `5m`, `1h` or `2d`; raises InvalidInput."""
    found = re.fullmatch(r"([0-9]{1,9})([smhd])", text.strip())
    if found is None:
        raise InvalidInput(
            FieldProblem("every", "must be a number of seconds, minutes, hours or days: 30s, 5m, 1h, 2d")
        )
    return int(found[1]) * _UNITS[found[2]]


def parse_crontab(line: str, zone: ZoneInfo) -> Crontab:
    """Return the timing of one crontab line; raises InvalidInput."""
    parsed = Crontab(line, zone)
    if len(line.split()) != 5:
        raise InvalidInput(FieldProblem("cron", "must have five fields: minute hour day month weekday"))
    try:
        parsed.next_after(datetime.now(UTC))
    except (ValueError, TypeError, ParseException) as error:
        raise InvalidInput(FieldProblem("cron", f"can't be read: {str(error).rstrip('.')}")) from None
    return parsed

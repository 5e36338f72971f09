"""A crontab line in words, where there is a plain sentence for it; else only the line says when it is due."""

from collections.abc import Collection, Sequence
from datetime import date
from itertools import product

from babel.dates import format_skeleton, get_day_names
from babel.lists import format_list
from flask_babel import gettext as _
from flask_babel import ngettext

from cms.frame.times import locale
from services.scheduling.timings import Fields

MOST_NAMED = 4
"""Times, weekdays or days of a month that one sentence names."""
ALWAYS_THERE = 28
"""The last day that every month has."""
A_YEAR = 2026
"""Any year that is no leap year: 29 February is in few of them."""


def words(fields: Fields) -> str | None:
    """Return when a line is due, in words; None where no plain sentence says it."""
    days, times = _days(fields), _times(fields)
    if days is None:
        return None
    if times is not None:
        told = _list(times)
        return (
            _("%(days)s at %(times)s", days=days, times=told)
            if days
            else _("every day at %(times)s", times=told)
        )
    often = _often(fields)
    return _("%(days)s, %(often)s", days=days, often=often) if days and often else often


def _days(fields: Fields) -> str | None:
    """Return on which days, empty for every day; None where it can't be said."""
    has_weekdays, has_days = len(fields.weekdays) < 7, len(fields.days) < 31
    if has_weekdays:
        return None if has_days or len(fields.months) < 12 else _weekdays(fields.weekdays)
    if len(fields.months) == 12:
        return _days_of_months(fields.days) if has_days else ""
    return _date(fields)


def _weekdays(numbers: Collection[int]) -> str | None:
    places = sorted((number - 1) % 7 for number in numbers)
    all_names = get_day_names("wide", locale=locale())
    names = [all_names[place] for place in places]
    if len(places) == 1:
        return _("every %(day)s", day=names[0])
    if len(places) > 2 and _is_row(places):
        return _("%(first)s to %(last)s", first=names[0], last=names[-1])
    return _list(names) if len(places) <= MOST_NAMED else None


def _days_of_months(days: Collection[int]) -> str | None:
    if len(days) > MOST_NAMED or max(days) > ALWAYS_THERE:
        return None
    told = _list([str(day) for day in sorted(days)])
    return ngettext("on day %(days)s of every month", "on days %(days)s of every month", len(days), days=told)


def _date(fields: Fields) -> str | None:
    if len(fields.months) > 1 or len(fields.days) > 1:
        return None
    try:
        day = date(A_YEAR, *fields.months, *fields.days)
    except ValueError:
        return None
    return _("every year on %(date)s", date=format_skeleton("MMMMd", day, locale=locale()))


def _times(fields: Fields) -> list[str] | None:
    """Return the times of a day where they are few."""
    if len(fields.hours) * len(fields.minutes) > MOST_NAMED:
        return None
    return [_clock(*time) for time in product(sorted(fields.hours), sorted(fields.minutes))]


def _often(fields: Fields) -> str | None:
    """Return how often within a day, and from when to when."""
    hours, minutes = sorted(fields.hours), sorted(fields.minutes)
    every, hourly = _every_minutes(minutes), len(minutes) == 1
    if len(hours) == 24:
        if every:
            return every
        return _("every hour at minute %(minute)s", minute=minutes[0]) if hourly else None
    first, last = _clock(hours[0], minutes[0]), _clock(hours[-1], minutes[-1])
    if _is_row(hours):
        step = 1
    else:
        step = hours[1] - hours[0]
        if not hourly or 24 % step or hours != list(range(hours[0], 24, step)):
            return None
    often = ngettext("every hour", "every %(num)s hours", step) if hourly else every
    return often and _("%(often)s from %(first)s to %(last)s", often=often, first=first, last=last)


def _every_minutes(minutes: Sequence[int]) -> str | None:
    if len(minutes) == 1:
        return None
    step = minutes[1] - minutes[0]
    if 60 % step or minutes != list(range(0, 60, step)):
        return None
    return ngettext("every minute", "every %(num)s minutes", step)


def _is_row(numbers: Sequence[int]) -> bool:
    return numbers[-1] - numbers[0] == len(numbers) - 1


def _clock(hour: int, minute: int) -> str:
    return f"{hour:02}:{minute:02}"


def _list(texts: Sequence[str]) -> str:
    return format_list(texts, locale=locale())

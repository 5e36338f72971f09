"""Times and durations as pages show them: in the reader's time zone, with the exact moment in the markup."""

import time
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from babel.dates import format_date, format_datetime, format_skeleton, format_timedelta
from babel.numbers import format_decimal
from flask import Flask
from flask_babel import lazy_gettext
from markupsafe import Markup

from cms.access.identity import signed_in
from cms.frame.navigation import language

AREAS = {
    "Africa": lazy_gettext("Africa"),
    "America": lazy_gettext("America"),
    "Antarctica": lazy_gettext("Antarctica"),
    "Asia": lazy_gettext("Asia"),
    "Atlantic": lazy_gettext("Atlantic"),
    "Australia": lazy_gettext("Australia"),
    "Europe": lazy_gettext("Europe"),
    "Indian": lazy_gettext("Indian Ocean"),
    "Pacific": lazy_gettext("Pacific"),
}
LOCALES = {"en": "en_GB"}
"""International English: the day before the month, and a 24-hour clock."""
QUARTER_SECONDS = 15 * 60


def init_app(app: Flask) -> None:
    """Bind to `app`."""
    app.jinja_env.filters.update(
        moment=moment,
        day=day,
        date=date_of,
        relative=relative,
        ago=ago,
        duration=duration,
        maybe_duration=maybe_duration,
    )
    app.context_processor(
        lambda: {
            "zones": zones,
            "zone_name": zone_name,
            "zone_offset": zone_offset,
            "area_name": AREAS.get,
        }
    )


def moment(at: datetime) -> Markup:
    """Return a moment with seconds."""
    text = format_datetime(at, "medium", tzinfo=zone(), locale=locale())
    return Markup('<time datetime="{}">{}</time>').format(_exact(at), text)


def day(at: datetime) -> Markup:
    """Return the day of a moment."""
    text = format_date(at.astimezone(zone()), "medium", locale=locale())
    return Markup('<time datetime="{}">{}</time>').format(_exact(at), text)


def date_of(day: date) -> str:
    """Return a day."""
    return format_date(day, "medium", locale=locale())


def relative(at: datetime) -> Markup:
    """Return how long ago or ahead a moment is."""
    text = format_timedelta(at - datetime.now(UTC), add_direction=True, locale=locale())
    return Markup('<time datetime="{}">{}</time>').format(_exact(at), text)


def ago(at: datetime) -> Markup:
    """Return how long ago a moment of the last day is, else its day and minute; the whole moment is its title."""
    age = datetime.now(UTC) - at
    exact = format_datetime(at, "medium", tzinfo=zone(), locale=locale())
    if timedelta(0) <= age < timedelta(days=1):
        text = format_timedelta(-age, add_direction=True, format="short", threshold=0.99, locale=locale())
    else:
        local = at.astimezone(zone())
        skeleton = "MMMd" if local.year == datetime.now(zone()).year else "yMMMd"
        text = f"{format_skeleton(skeleton, local, locale=locale())} {local:%H:%M}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(_exact(at), exact, text)


def duration(length: timedelta) -> str:
    """Return a duration, with one decimal below a minute."""
    seconds = max(0.0, length.total_seconds())
    if seconds >= 60:
        return format_timedelta(length, format="short", locale=locale())
    text = format_decimal(max(0.1, seconds), "0.0", locale=locale())
    return f"{text} s" if seconds >= 0.1 else f"< {text} s"


def maybe_duration(length: timedelta | None) -> str:
    """Return a duration, or a dash for none."""
    return "–" if length is None else duration(length)


def zone() -> tzinfo:
    """Return the reader's time zone."""
    try:
        return ZoneInfo(zone_name())
    except (ValueError, OSError, KeyError):  # chosen on another machine with more zones
        return UTC


def zone_name() -> str:
    """Return the name of the reader's time zone."""
    return signed_in().administrator.zone or "UTC"


@cache
def zones() -> dict[str, list[str]]:
    """Return the selectable time zones by region."""
    named = sorted(name for name in available_timezones() if name.partition("/")[0] in AREAS)
    return {area: [name for name in named if name.startswith(f"{area}/")] for area in AREAS}


def zone_offset(name: str) -> str:
    """Return how far a zone is from UTC just now, such as UTC+05:30."""
    return _offset(name, int(time.time() // QUARTER_SECONDS))


@lru_cache(maxsize=1024)
def _offset(name: str, quarter: int) -> str:
    """Return it in a quarter of an hour since 1970: no zone changes within one, and a page lists hundreds of zones."""
    offset = f"{datetime.fromtimestamp(quarter * QUARTER_SECONDS, ZoneInfo(name)):%z}"
    return f"UTC{offset[:3]}:{offset[3:5]}"


def _exact(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def locale() -> str:
    """Return the locale that formats times and numbers."""
    return LOCALES.get(language(), language())

"""Numbers as pages show them, in the reader's language."""

from functools import cache, lru_cache

from babel import Locale
from babel.numbers import format_compact_decimal, format_decimal
from flask import Flask
from flask_babel import gettext as _

from cms.frame.times import locale

A_PAGE = 4096
"""Cache size: tables repeat the same numbers, and Babel formats slowly."""


def init_app(app: Flask) -> None:
    """Bind to `app`."""
    app.jinja_env.filters.update(number=number, percent=percent, country=country)


def number(value: float) -> str:
    """Return a number with thousands separators."""
    return _decimal(value, None, locale())


def short(value: float) -> str:
    """Return a number for the axis of a chart: 12,500 as 12.5K."""
    if value < 10_000:
        return number(value)
    return format_compact_decimal(value, locale=locale(), fraction_digits=1)


def percent(share: float | None) -> str:
    """Return a share in percent, with a decimal below 10 and above 90; a dash for none."""
    if share is None:
        return "–"
    value = share * 100
    return _decimal(round(value, 1 if value < 10 or value > 90 else 0), "#,##0.#", locale()) + _sign(locale())


def country(code: str | None) -> str:
    """Return the name of a country."""
    return Locale.parse(locale()).territories.get(code, code) if code else _("Unknown")


@cache
def _sign(name: str) -> str:
    """Return the sign behind a number as the language writes it, in German with a space."""
    return str(Locale.parse(name).percent_formats[None].pattern.rpartition("0")[2])


@lru_cache(A_PAGE)
def _decimal(value: float, pattern: str | None, name: str) -> str:
    return format_decimal(value, format=pattern, locale=name)

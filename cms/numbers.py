"""Numbers as pages show them, in the reader's language."""

from babel.numbers import format_decimal
from flask import Flask

from cms.times import locale


def init_app(app: Flask) -> None:
    """Bind to `app`."""
    app.jinja_env.filters.update(number=number, percent=percent)


def number(value: float) -> str:
    """Return a number with its thousands set apart."""
    return format_decimal(value, locale=locale())


def percent(share: float) -> str:
    """Return a share in percent, with a decimal below ten."""
    value = share * 100
    shown = format_decimal(round(value, 1 if value < 10 else 0), format="#,##0.#", locale=locale())
    return f"{shown} %"

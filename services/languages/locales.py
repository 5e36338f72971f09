"""Which of our languages a page is shown in."""

from datetime import datetime
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime
from flask import current_app, has_request_context, request, session

from domain.errors import InvalidInput
from domain.locales import broader, chain
from domain.zones import parse_zone

LOCALES = ("en", "zh", "de")
CHOICE = "language"
"""The chosen language's key in the session cookie: error pages must not need the database to know it."""
FORMATS = {"en": "en-GB"}
"""International English: the day before the month, and a 24-hour clock."""


@lru_cache(1024)
def nearest_locale(wanted: str | None, default: str) -> str:
    """Return the locale we ship that is nearest to a BCP 47 tag, else to the default, else English."""
    return next(tag for tag in chain(wanted, default) if tag in LOCALES)


def of_request() -> str:
    """Return the language of the current page: the chosen one, else that of `of_browser`."""
    return chosen() or of_browser()


def chosen() -> str | None:
    """Return the language that was chosen in this browser."""
    found = session.get(CHOICE) if has_request_context() else None
    return str(found) if found in LOCALES else None


def of_browser() -> str:
    """Return the first language that the browser asks for and we have, else the default.

    `best_match` would answer `de-AT, en;q=0.5` with English: it ranks an exact tag above the reader's order.
    """
    asked = [tag for tag, quality in request.accept_languages if quality] if has_request_context() else []
    wanted = next((tag for tag in asked if tag.partition("-")[0].lower() in LOCALES), None)
    return nearest_locale(wanted, current_app.config["DEFAULT_LOCALE"])


def choose(locale: str | None) -> None:
    """Set the language of later pages; None means the browser's again."""
    if locale in LOCALES:
        session[CHOICE] = locale
    else:
        session.pop(CHOICE, None)


def empty_session() -> None:
    """Clear the session cookie, but keep the language."""
    kept = chosen()
    session.clear()
    choose(kept)


def of_dates(tag: str) -> Locale:
    """Return the Babel locale nearest to a tag, else British English."""
    for one in broader(tag):
        try:
            return Locale.parse(FORMATS.get(one, one), sep="-")
        except (ValueError, UnknownLocaleError):
            continue
    return Locale("en", "GB")


def moment(at: datetime, zone: str | None, tag: str) -> str:
    """Format a time for a mail in the reader's language and time zone, which the text names."""
    try:
        known = parse_zone(zone or "UTC")
    except InvalidInput:  # chosen on another machine, which knows more zones
        known = parse_zone("UTC")
    return f"{format_datetime(at, 'medium', tzinfo=known, locale=of_dates(tag))} ({known.key})"

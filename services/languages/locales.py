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
"""Where the cookie keeps the language that somebody chose: error pages don't ask the database who reads them."""
FORMATS = {"en": "en-GB"}
"""English for everybody: the day before the month, and 24 hours."""


@lru_cache(1024)
def nearest_locale(wanted: str | None, default: str) -> str:
    """Return the locale we ship that is nearest to a BCP 47 tag, else to the default, else English."""
    return next(tag for tag in chain(wanted, default) if tag in LOCALES)


def of_request() -> str:
    """Return the language of the current page: the one that was chosen, else as `of_browser`."""
    return chosen() or of_browser()


def chosen() -> str | None:
    """Return the language that was chosen in this browser."""
    found = session.get(CHOICE) if has_request_context() else None
    return str(found) if found in LOCALES else None


def of_browser() -> str:
    """Return the first language that the browser asks for and we have, else the default.

    `best_match` would give `de-AT, en;q=0.5` English: to it an exact tag is worth more than the reader's order.
    """
    asked = [tag for tag, quality in request.accept_languages if quality] if has_request_context() else []
    wanted = next((tag for tag in asked if tag.partition("-")[0].lower() in LOCALES), None)
    return nearest_locale(wanted, current_app.config["DEFAULT_LOCALE"])


def choose(locale: str | None) -> None:
    """Keep the language of the pages to come; None gives the choice back to the browser."""
    if locale in LOCALES:
        session[CHOICE] = locale
    else:
        session.pop(CHOICE, None)


def empty_session() -> None:
    """Forget all that the cookie holds but the language."""
    kept = chosen()
    session.clear()
    choose(kept)


def of_dates(tag: str) -> Locale:
    """Return what Babel knows that is nearest to a tag, English where that is nothing."""
    for one in broader(tag):
        try:
            return Locale.parse(FORMATS.get(one, one), sep="-")
        except (ValueError, UnknownLocaleError):
            continue
    return Locale("en", "GB")


def moment(at: datetime, zone: str | None, tag: str) -> str:
    """Return a moment for a mail: in the reader's zone, which it names, and language."""
    try:
        known = parse_zone(zone or "UTC")
    except InvalidInput:  # chosen on another machine, which knows more of them
        known = parse_zone("UTC")
    return f"{format_datetime(at, 'medium', tzinfo=known, locale=of_dates(tag))} ({known.key})"

"""Which of our languages a page is shown in."""

from babel import Locale, UnknownLocaleError
from flask import current_app, has_request_context, request, session

from domain.locales import broader
from services.texts import LOCALES, nearest_locale

CHOICE = "language"
"""Where the cookie keeps the language that somebody chose: error pages don't ask the database who reads them."""


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
            return Locale.parse(one, sep="-")
        except (ValueError, UnknownLocaleError):
            continue
    return Locale("en")

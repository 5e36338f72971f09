"""Which of our languages a page is shown in."""

from flask import current_app, has_request_context, request

from services.texts import LOCALES, nearest_locale


def of_request() -> str:
    """Return the language of the current page: the first that the browser asks for and we have, else the default.

    `best_match` would give `de-AT, en;q=0.5` English: to it an exact tag is worth more than the reader's order.
    """
    asked = [tag for tag, quality in request.accept_languages if quality] if has_request_context() else []
    wanted = next((tag for tag in asked if tag.partition("-")[0].lower() in LOCALES), None)
    return nearest_locale(wanted, current_app.config["DEFAULT_LOCALE"])

"""Which of our languages a page is shown in."""

from flask import current_app, has_request_context, request

from services.texts import LOCALES, nearest_locale


def of_request() -> str:
    """Return the language of the current page: what the browser asks for, else the default."""
    wanted = request.accept_languages.best_match(LOCALES) if has_request_context() else None
    return nearest_locale(wanted, current_app.config["DEFAULT_LOCALE"])

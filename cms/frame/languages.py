"""The language of the console: chosen on the account page, or on the sign-in page."""

from flask import Flask, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import refresh
from werkzeug.wrappers import Response

from cms.access.guard import console, needs, public
from cms.access.identity import client_ip, signed_in
from cms.access.paths import own_path
from domain.errors import InvalidInput
from domain.roles import Role
from services.account import preferences
from services.languages import locales
from services.languages.locales import LOCALES

NAMES = {"en": "English", "zh": "中文", "de": "Deutsch"}
"""Each language named in itself, for people who can't read the others."""


@console.post("/language")
@public
def choose_language() -> Response:
    """Show this browser's pages in another language, signed in or not."""
    locales.choose(_asked())
    return redirect(url_for("cms.login", next=own_path(request.form.get("next"))), 303)


@console.post("/account/language")
@needs(Role.VIEWER)
def set_language() -> Response:
    """Choose the language of pages and mails."""
    locale = _asked() if request.form.get("language") else None
    try:
        preferences.set_language(signed_in(), locale, client_ip=client_ip())
    except InvalidInput:
        abort(422)
    locales.choose(locale)
    refresh()
    flash(_("The language is changed."), "success")
    return redirect(url_for("cms.show_account"), 303)


def init_app(app: Flask) -> None:
    """Bind to `app`."""
    app.context_processor(lambda: {"languages": NAMES})


def _asked() -> str:
    asked = request.form.get("language", "")
    return asked if asked in LOCALES else abort(422)

"""Light or dark pages: a cookie of its own, because the choice outlives the session, and error pages follow it, too."""

from datetime import timedelta

from flask import Flask, abort, current_app, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from cms.access.guard import console, needs
from domain.roles import Role

COOKIE = "sendcode_theme"
LIFE = timedelta(days=365)
THEMES = {
    "": lazy_gettext("like the system"),
    "light": lazy_gettext("light"),
    "dark": lazy_gettext("dark"),
}


@console.post("/account/theme")
@needs(Role.VIEWER)
def set_theme() -> Response:
    """Show the pages of this browser in other colours."""
    theme = request.form.get("theme", "")
    if theme not in THEMES:
        abort(422)
    answer: Response = redirect(url_for("cms.show_account"), 303)
    is_secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    answer.set_cookie(
        COOKIE, theme, max_age=LIFE if theme else 0, secure=is_secure, httponly=True, samesite="Lax"
    )
    flash(_("The colours are changed."), "success")
    return answer


def theme() -> str:
    """Return what was chosen in this browser: `light`, `dark`, or nothing, which follows the system."""
    chosen = request.cookies.get(COOKIE, "")
    return chosen if chosen in THEMES else ""


def init_app(app: Flask) -> None:
    """Bind to `app`."""
    app.context_processor(lambda: {"themes": THEMES, "theme": theme})

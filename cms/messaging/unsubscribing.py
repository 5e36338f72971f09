"""/unsubscribe/<token>: the page behind the link in bulk messages, and the one-click of mail programs (RFC 8058).

It is outside the console: nobody signs in, no cookie is read or set, and the token, which only the message contains,
identifies the destination. So another site can't make a browser act in somebody's name, and the forms need no CSRF
token.
"""

from flask import Blueprint, Flask, Response, render_template, request

from domain.errors import NotFound
from domain.unsubscribe_links import PATH
from exts import csrf
from services.languages import locales
from services.messaging import unsubscribing
from services.messaging.unsubscribing import Standing

ONE_CLICK = ("List-Unsubscribe", "One-Click")
"""The form field that a mail program posts; it distinguishes a click from a link that is merely opened."""

blueprint = Blueprint("unsubscribe", __name__, url_prefix=PATH.rstrip("/"))


def init_app(app: Flask) -> None:
    """Bind to `app`."""
    csrf.exempt(blueprint)
    app.register_blueprint(blueprint)


@blueprint.get("/<token>")
def show(token: str) -> Response:
    """Ask for confirmation and change nothing: scanners and previews follow links, too."""
    return _page(token, unsubscribing.look(token))


@blueprint.post("/<token>")
def unsubscribe(token: str) -> Response:
    """Unsubscribe the link's destination; never redirect, because mail programs don't follow redirects."""
    name, value = ONE_CLICK
    if request.form.get(name) != value:
        return _page(token, unsubscribing.look(token), status=422)
    return _page(token, unsubscribing.unsubscribe(token))


@blueprint.post("/<token>/undo")
def undo(token: str) -> Response:
    """Undo the unsubscription."""
    return _page(token, unsubscribing.undo(token), otherwise="undone")


@blueprint.errorhandler(NotFound)
def show_unknown(_: NotFound) -> Response:
    """Answer a link that we did not create, or whose signing key is gone."""
    return _answer("unknown", 404)


def _page(token: str, standing: Standing, *, otherwise: str = "ask", status: int = 200) -> Response:
    state = "done" if standing.is_suppressed else otherwise
    return _answer(state, status, token=token, standing=standing)


def _answer(state: str, status: int, **values: object) -> Response:
    page = render_template("unsubscribe/page.html", state=state, locale=locales.of_browser(), **values)
    return Response(page, status, {"X-Robots-Tag": "noindex, nofollow"})

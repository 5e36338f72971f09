"""/unsubscribe/<token>: the page behind the link in bulk messages, and the one click of mail programs (RFC 8058).

It is outside the console: nobody signs in, no cookie is read or set, and the token, which only the message has, says
for whom. So there is nothing that another site could make a browser do in somebody's name, and its forms need no
token of their own.
"""

from flask import Blueprint, Flask, Response, render_template, request

from domain.errors import NotFound
from domain.unsubscribe_links import PATH
from exts import csrf
from services.languages import locales
from services.messaging import unsubscribing
from services.messaging.unsubscribing import Standing

ONE_CLICK = ("List-Unsubscribe", "One-Click")
"""The one field of the body that a mail program posts; it tells the click from a link that is only looked at."""

blueprint = Blueprint("unsubscribe", __name__, url_prefix=PATH.rstrip("/"))


def init_app(app: Flask) -> None:
    """Bind to `app`."""
    csrf.exempt(blueprint)
    app.register_blueprint(blueprint)


@blueprint.get("/<token>")
def show(token: str) -> Response:
    """Ask, and change nothing: scanners and previews follow links, too."""
    return _page(token, unsubscribing.look(token))


@blueprint.post("/<token>")
def unsubscribe(token: str) -> Response:
    """End bulk messages to the link's destination; never a redirect, which mail programs don't follow."""
    name, value = ONE_CLICK
    if request.form.get(name) != value:
        return _page(token, unsubscribing.look(token), status=422)
    return _page(token, unsubscribing.unsubscribe(token))


@blueprint.post("/<token>/undo")
def undo(token: str) -> Response:
    """Take it back."""
    return _page(token, unsubscribing.undo(token), otherwise="undone")


@blueprint.errorhandler(NotFound)
def show_unknown(_: NotFound) -> Response:
    """Answer a link that we have not made, or whose key is gone."""
    return _answer("unknown", 404)


def _page(token: str, standing: Standing, *, otherwise: str = "ask", status: int = 200) -> Response:
    state = "done" if standing.is_suppressed else otherwise
    return _answer(state, status, token=token, standing=standing)


def _answer(state: str, status: int, **values: object) -> Response:
    page = render_template("unsubscribe/page.html", state=state, locale=locales.of_browser(), **values)
    return Response(page, status, {"X-Robots-Tag": "noindex, nofollow"})

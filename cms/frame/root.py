"""Routes outside /cms: the redirect from / and the icon that browsers request unasked."""

from flask import Blueprint, current_app, redirect, url_for
from werkzeug.wrappers import Response

blueprint = Blueprint("root", __name__)


@blueprint.get("/")
def home() -> Response:
    """Redirect to the console."""
    return redirect(url_for("cms.home"))


@blueprint.get("/favicon.ico")
def favicon() -> Response:
    """Return the icon."""
    return current_app.send_static_file("favicon.svg")

"""What lies outside /cms: the way in, and the icon that browsers ask for by themselves."""

from flask import Blueprint, current_app, redirect, url_for
from werkzeug.wrappers import Response

blueprint = Blueprint("root", __name__)


@blueprint.get("/")
def home() -> Response:
    """Lead to the console."""
    return redirect(url_for("cms.home"))


@blueprint.get("/favicon.ico")
def favicon() -> Response:
    """Return the icon."""
    return current_app.send_static_file("favicon.svg")

"""The OpenAPI document and a page for people, which loads nothing from other hosts."""

from flask import Blueprint, Response, current_app

from api import problems
from api.headers import DOCS_POLICY

blueprint = Blueprint("api_docs", __name__)
problems.answer_errors_of(blueprint)


@blueprint.get("/api/openapi.json")
def document() -> Response:
    """Return the OpenAPI document."""
    return Response(current_app.extensions["sendcode_api"].document, content_type="application/json")


@blueprint.get("/api/docs")
def page() -> Response:
    """Return Swagger UI, from our own files."""
    # Not render_template(), because the context processors of the console's pages need a session.
    html = current_app.jinja_env.get_template("api/docs.html").render()
    response = Response(html, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = DOCS_POLICY
    return response

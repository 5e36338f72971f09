"""The OpenAPI document, and the page for people."""

import json

from flask import Blueprint, Response, current_app, request

from api import problems
from api.headers import DOCS_POLICY
from api.reference import operations
from api.reference.error_codes import ERROR_CODES
from api.reference.prose import inline, paragraphs
from api.reference.samples import KEY, LANGUAGES

MOST_PAGES = 4
"""Kept, because making one takes a tenth of a second; samples have the address by which the service was called."""
blueprint = Blueprint("api_docs", __name__)
problems.answer_errors_of(blueprint)


@blueprint.get("/api/openapi.json")
def document() -> Response:
    """Return the OpenAPI document."""
    return Response(current_app.extensions["sendcode_api"].document, content_type="application/json")


@blueprint.get("/api/docs")
def page() -> Response:
    """Return the page, which works without JavaScript."""
    address = (current_app.config["PUBLIC_URL"] or request.host_url).rstrip("/")
    pages: dict[str, str] = current_app.extensions.setdefault("sendcode_api_pages", {})
    if address not in pages:
        if len(pages) >= MOST_PAGES:
            pages.clear()
        pages[address] = _html(current_app.extensions["sendcode_api"].document, address)
    response = Response(pages[address])
    response.headers["Content-Security-Policy"] = DOCS_POLICY
    return response


def _html(document: str, address: str) -> str:
    described = json.loads(document)
    # Not render_template(), because the context processors of the console's pages need a session.
    return current_app.jinja_env.get_template("api/docs.html").render(
        introduction=paragraphs(described["info"]["description"]),
        sections=list(operations.sections(described, address)),
        languages={name: label for name, (label, _) in LANGUAGES.items()},
        error_codes=ERROR_CODES,
        inline=inline,
        key=KEY,
        address=address,
        has_console="cms.home" in current_app.view_functions,
    )

"""/hooks/<id>: the route. What is posted is in no log and no answer."""

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from hooks import receiving
from services.hooks.exchange import Answer, Incoming

blueprint = Blueprint("hooks", __name__)
METHODS = ["GET", "POST", "PUT", "DELETE"]
"""Keycloak's plugin and Casdoor can be set to any of them."""


@blueprint.route("/hooks/<hook_id>", methods=METHODS, provide_automatic_options=False)
def take(hook_id: str) -> Response:
    """Take a post of a server, and answer in its own shape."""
    if request.method == "HEAD":
        return _response(Answer(405, "", headers={"Allow": ", ".join(METHODS)}))
    return _response(receiving.ask(hook_id, _incoming()))


@blueprint.errorhandler(HTTPException)
def refuse(error: HTTPException) -> Response:
    """Answer what is refused before a hook is asked: a body that is too long or can't be read."""
    return _response(Answer(error.code or 500, '{"error":"refused"}'))


def _incoming() -> Incoming:
    return Incoming(
        method=request.method,
        headers={name.lower(): value for name, value in request.headers.items()},
        query=request.args.to_dict(),
        body=_body(),
    )


def _body() -> bytes:
    """Return the body; raises RequestEntityTooLarge.

    Werkzeug silently cuts a body without a Content-Length at the limit, so we ask for one byte more.
    """
    most: int = current_app.config["MAX_CONTENT_LENGTH"]
    request.max_content_length = most + 1
    body = request.get_data()
    if len(body) > most:
        raise RequestEntityTooLarge
    return body


def _response(answer: Answer) -> Response:
    return Response(
        answer.body,
        answer.status,
        {**answer.headers, "Cache-Control": "no-store"},
        content_type=answer.content_type,
    )

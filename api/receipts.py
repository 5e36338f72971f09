"""/receipts/<gateway>: reports from carriers and mail companies. The gateway verifies that they are genuine."""

from collections.abc import Callable
from http import HTTPStatus

from flask import Response, current_app, request

from api import bodies
from api.openapi import Blueprint
from services.messaging import mail_reports

blueprint = Blueprint("receipts", __name__, description="Delivery reports, signed or with a token.")


def documented(view: Callable[[str], Response]) -> Callable[[str], Response]:
    """Document the answers that all routes for reports share."""
    for status in (401, 404, 413, 422):
        view = blueprint.alt_response(status, HTTPStatus(status).name)(view)
    thanks = "Accepted; the body is what the carrier expects. Repeated, late and unknown ones change nothing."
    view = blueprint.doc(security=[])(view)  # the gateway itself proves a report
    return blueprint.response(200, {"type": "string"}, content_type="text/plain", description=thanks)(view)


@blueprint.post("/receipts/<name>")
@documented
@blueprint.doc(operationId="takeReceipt")
def take_posted(name: str) -> Response:
    """Take a delivery report

    For a gateway of type `http`: `{reference, status: delivered|undelivered, reason?}` with Standard Webhooks headers.
    401 if it is unsigned, wrongly signed or older than five minutes.
    """
    return _take(name)


@blueprint.get("/receipts/<name>")
@documented
@blueprint.doc(operationId="takeReceiptInUrl")
def take_called(name: str) -> Response:
    """Take a delivery report in the query

    For carriers that report with a GET.
    """
    return _take(name)


def _take(name: str) -> Response:
    headers = {key.lower(): value for key, value in request.headers.items()}
    answer = mail_reports.take_posted(
        name, method=request.method, url=_called_url(), headers=headers, body=bodies.raw(request)
    )
    return Response(answer.body, answer.status, content_type=answer.content_type)


def _called_url() -> str:
    """Return the URL that the carrier called, before any proxy changed it; some carriers sign it."""
    public = current_app.config["PUBLIC_URL"].rstrip("/")
    query = request.query_string.decode("latin-1")
    return f"{public or request.host_url.rstrip('/')}{request.path}{'?' + query if query else ''}"

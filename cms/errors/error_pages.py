"""Error pages. They query neither the database nor the session."""

import logging

from flask import Flask, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response

from cms.errors import insecure
from cms.errors.error_texts import wait_text
from domain.errors import LimitExceeded, SendcodeError
from services.limits.refusals import Refusals
from services.process import request_ids
from services.process.parts import part
from services.storage.waits import is_outage

log = logging.getLogger(__name__)
RETRY_SECONDS = 5
SIGN_IN = "cms.sign_in"


def init_app(app: Flask) -> None:
    """Bind to `app`; blueprints with their own error handlers, such as the API's, take precedence."""
    app.register_error_handler(HTTPException, show)
    app.register_error_handler(SendcodeError, _show_refusal)
    app.register_error_handler(SQLAlchemyError, _show_unavailable)


def show(error: HTTPException) -> Response | tuple[str, int, dict[str, str]]:
    """Show an HTTP error."""
    if isinstance(error, RequestRedirect) or error.code is None:
        return error.get_response()
    if isinstance(error, CSRFError) and request.endpoint == SIGN_IN and insecure.is_cookie_lost():
        return redirect(url_for("cms.login", **{insecure.LOST: "1"}), 303)
    kept = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    title, text = _expired_form() if isinstance(error, CSRFError) else _texts(error.code)
    return _page(error.code, title, text), error.code, kept


def _show_refusal(error: SendcodeError) -> tuple[str, int, dict[str, str]]:
    if isinstance(error, LimitExceeded):
        part(Refusals).note(error)
        title = _("Too many requests")
        text = _("Try again in %(wait)s.", wait=wait_text(error.retry_after))
        return _page(429, title, text), 429, {"Retry-After": str(error.retry_after)}
    log.error("unexpected %s in %s", type(error).__name__, request.endpoint, exc_info=error)
    return _page(500, *_texts(500)), 500, {}


def _show_unavailable(error: SQLAlchemyError) -> tuple[str, int, dict[str, str]]:
    if not is_outage(error):
        raise error
    log.error("the database did not answer: %s", type(error).__name__)
    return _page(503, *_texts(503)), 503, {"Retry-After": str(RETRY_SECONDS)}


def _page(status: int, title: str, text: str) -> str:
    request_id = request_ids.current() if status >= 500 else None
    return render_template(
        "cms/frame/error.html", status=status, title=title, text=text, request_id=request_id
    )


def _expired_form() -> tuple[str, str]:
    return (
        _("This form has expired"),
        _(
            "Nothing was changed. Go back, reload the page and try again; cookies must be allowed for this site."
        ),
    )


def _texts(status: int) -> tuple[str, str]:
    texts = {
        400: (_("Invalid request"), _("Nothing was changed. Go back and try again.")),
        403: (_("You may not do this"), _("Ask an owner of this console for a role that allows it.")),
        404: (_("There is no such page"), _("The address may be mistyped, or the page is gone.")),
        405: (_("This page can't be opened directly"), _("Go back and use the button instead.")),
        413: (
            _("Request too large"),
            _("What you sent is larger than we accept. Nothing was changed. Send less at a time."),
        ),
        429: (_("Too many requests"), _("Wait a moment, then try again.")),
        503: (_("Back in a moment"), _("The service does not answer just now. Try again in a few seconds.")),
    }
    if status in texts:
        return texts[status]
    if status < 500:
        return texts[400]
    return _("Something went wrong on our side"), _(
        "It is in our log. Try again; if it happens again, tell us the request ID."
    )

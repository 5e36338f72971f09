"""The headers of every API answer; none of them sets a cookie."""

from typing import Any

from flask import Flask, Response
from flask.sessions import SessionInterface, SessionMixin
from flask.wrappers import Request

from api.paths import is_ours

COMMON = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def init_app(app: Flask) -> None:
    """Register the headers and the session interface with `app`."""
    app.after_request(add)
    app.session_interface = WithoutSession(app.session_interface)


def add(response: Response) -> Response:
    """Add the common headers that the answer does not have yet."""
    if is_ours():
        present = set(response.headers.keys())
        response.headers.extend({name: value for name, value in COMMON.items() if name not in present})
    return response


class WithoutSession(SessionInterface):
    """Disable sessions for the API: callers authenticate with keys, and a cookie must have no effect there."""

    def __init__(self, inner: SessionInterface):
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def open_session(self, app: Flask, request: Request) -> SessionMixin | None:
        """Return the session of a page, None for the API."""
        return None if is_ours() else self._inner.open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Save the session of a page; Flask does not call it for None."""
        self._inner.save_session(app, session, response)

"""Pages of the console that need not be drawn."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote

from flask import Flask, request, templating
from flask.testing import FlaskClient
from jinja2 import Template
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

Asking = Callable[..., TestResponse]


def drawing_once(app: Flask) -> Asking:
    """Return what sends a request to a console, which on a server draws each page of a view once.

    What a page makes of an odd value is no matter of the database: on SQLite it is drawn each time.
    """
    if on_sqlite(app):
        return FlaskClient.open
    drawn: set[tuple[str | None, str | None]] = set()
    render = templating._render

    def render_once(app: Flask, template: Template, context: dict[str, Any]) -> str:
        page = request.endpoint, template.name
        if page in drawn:
            return ""
        drawn.add(page)
        return render(app, template, context)

    def send(client: FlaskClient, *arguments: Any, **options: Any) -> TestResponse:
        with patch.object(templating, "_render", render_once):
            return client.open(*arguments, **options)

    return send


def on_sqlite(app: Flask) -> bool:
    """Tell which kind of database an application has."""
    return app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite:")


def leads_nowhere(app: Flask, method: str, path: str) -> bool:
    """Tell whether no view is asked for this address, and so no database."""
    try:
        app.url_map.bind("sendcode.test").match(unquote(path), method)
    except HTTPException:
        return True
    return False

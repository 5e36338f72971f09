"""Forms that bring a file: how long their bodies may be.

The form token is in the body, so it is looked at here, after the cookie: who never signed in can't have a long body
read.
"""

from collections.abc import Callable
from typing import TypeVar

from flask import Flask, request, session

from cms.access.identity import TOKEN
from exts import csrf

View = TypeVar("View", bound=Callable[..., object])
LONGEST = 32 * 1024 * 1024
"""100,000 rows of 300 bytes."""
_views: set[str] = set()


def takes_file(view: View) -> View:
    """Let a view of the console receive a file."""
    _views.add(f"cms.{view.__name__}")
    csrf.exempt(view)
    return view


def open_path(app: Flask, path: str) -> None:
    """Tell the web server that bodies sent below `path` may be long."""
    app.config["LONGER_BODIES"][path] = LONGEST


def receive() -> None:
    """Read the form of such a view, with its token; strangers may send it no more than other pages."""
    if request.endpoint in _views:
        if TOKEN in session:
            request.max_content_length = LONGEST
        csrf.protect()

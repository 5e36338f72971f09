"""The HTML door, the console. A file a subject; `guard.py` lets nobody in who has not signed in."""

from flask import Flask

from cms import account, errors, headers, identity, login, navigation, password, root
from cms.guard import console

VIEWS = (account, login, password)
"""Imported for their routes."""


def init_app(app: Flask) -> None:
    """Bind to `app`."""
    identity.init_app(app)
    headers.init_app(app)
    errors.init_app(app)
    navigation.init_app(app)
    app.register_blueprint(console)
    app.register_blueprint(root.blueprint)

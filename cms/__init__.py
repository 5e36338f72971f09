"""The HTML door, the console. A file a subject; `guard.py` lets nobody in who has not signed in."""

from flask import Flask

from cms import (
    account,
    audit,
    errors,
    headers,
    identity,
    login,
    navigation,
    password,
    root,
    schedule_form,
    schedules,
    times,
    unsubscribing,
)
from cms.guard import console

VIEWS = (account, audit, login, password, schedule_form, schedules)
"""Imported for their routes."""


def init_app(app: Flask) -> None:
    """Bind to `app`."""
    identity.init_app(app)
    headers.init_app(app)
    errors.init_app(app)
    navigation.init_app(app)
    times.init_app(app)
    app.register_blueprint(console)
    app.register_blueprint(root.blueprint)
    unsubscribing.init_app(app)

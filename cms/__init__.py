"""The HTML door, the console. A file a subject; `guard.py` lets nobody in who has not signed in."""

from flask import Flask

from cms import (
    accepting,
    account,
    administrators,
    agents,
    api_keys,
    audit,
    broadcasts,
    bulk,
    errors,
    exports,
    gateways,
    headers,
    identity,
    invitations,
    key_rotation,
    languages,
    limits,
    login,
    message_list,
    message_pages,
    navigation,
    numbers,
    own_sessions,
    password,
    pumping,
    root,
    schedule_form,
    schedules,
    second_factor,
    second_step,
    sign_ins,
    statistics,
    suppressions,
    template_drafts,
    template_form,
    templates,
    times,
    unsubscribing,
    verification_pages,
)
from cms.guard import console

VIEWS = (
    accepting,
    account,
    administrators,
    api_keys,
    audit,
    broadcasts,
    bulk,
    exports,
    gateways,
    invitations,
    key_rotation,
    languages,
    limits,
    login,
    message_list,
    message_pages,
    own_sessions,
    password,
    pumping,
    schedule_form,
    schedules,
    second_factor,
    second_step,
    sign_ins,
    statistics,
    suppressions,
    template_drafts,
    template_form,
    templates,
    verification_pages,
)
"""Imported for their routes."""


def init_app(app: Flask) -> None:
    """Bind to `app`."""
    identity.init_app(app)
    headers.init_app(app)
    errors.init_app(app)
    navigation.init_app(app)
    times.init_app(app)
    numbers.init_app(app)
    languages.init_app(app)
    agents.init_app(app)
    app.register_blueprint(console)
    app.register_blueprint(root.blueprint)
    unsubscribing.init_app(app)

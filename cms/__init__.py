"""The console: one file per subject; `access/guard.py` admits only people who have signed in."""

from flask import Flask

from cms.access import identity
from cms.access.guard import console
from cms.account import accounts, second_factor
from cms.audit import trail
from cms.errors import error_pages
from cms.figures import overview
from cms.frame import agents, alarms, headers, languages, navigation, numbers, root, times
from cms.gateways import gateways
from cms.hooks import hook_rotation, hook_trials, hooks
from cms.keys import api_keys, key_rotation, key_settings, twilio_tokens
from cms.limits import limits, pumping
from cms.messaging import broadcasts, suppressions, unsubscribing
from cms.people import accepting, administrators, invitations
from cms.scheduling import schedule_form, schedules
from cms.sign_in import login, own_sessions, password, second_step, sign_ins
from cms.templating import template_drafts, template_form, templates
from cms.traffic import (
    bulk_acts,
    exports,
    message_details,
    message_lists,
    verification_details,
    verification_lists,
)
from cms.webhooks import deliveries, webhooks

VIEWS = (
    accepting,
    accounts,
    administrators,
    api_keys,
    trail,
    broadcasts,
    bulk_acts,
    exports,
    gateways,
    hook_rotation,
    hook_trials,
    hooks,
    invitations,
    key_rotation,
    key_settings,
    languages,
    limits,
    login,
    message_lists,
    message_details,
    own_sessions,
    password,
    pumping,
    schedule_form,
    schedules,
    second_factor,
    second_step,
    sign_ins,
    overview,
    suppressions,
    template_drafts,
    template_form,
    templates,
    twilio_tokens,
    verification_details,
    verification_lists,
    deliveries,
    webhooks,
)
"""Modules imported for the routes they register."""


def init_app(app: Flask) -> None:
    """Bind to `app`."""
    identity.init_app(app)
    headers.init_app(app)
    error_pages.init_app(app)
    navigation.init_app(app)
    times.init_app(app)
    numbers.init_app(app)
    languages.init_app(app)
    agents.init_app(app)
    alarms.init_app(app)
    app.register_blueprint(console)
    app.register_blueprint(root.blueprint)
    unsubscribing.init_app(app)

"""The console: one file per subject; `access/guard.py` admits only people who have signed in."""

from flask import Flask

from cms.access import identity
from cms.access.guard import console
from cms.account import accounts, authenticator, passkeys, second_factor
from cms.audit import histories, trail
from cms.codes import fallback
from cms.errors import error_pages
from cms.figures import get_going, overview
from cms.frame import agents, alarms, headers, languages, navigation, numbers, root, themes, times
from cms.gateways import gateway_forms, gateways
from cms.hooks import hook_rotation, hook_settings, hook_trials, hooks
from cms.keys import api_keys, key_requests, key_rotation, key_settings, twilio_tokens
from cms.limits import limits, pumping
from cms.messaging import (
    broadcast_drafts,
    broadcasts,
    draft_sending,
    single_messages,
    suppressions,
    unsubscribing,
)
from cms.people import accepting, administrators, invitations, second_steps
from cms.scheduling import schedule_form, schedules
from cms.search import search
from cms.sign_in import app_step, login, own_sessions, passkey_step, password, recovery, second_step, sign_ins
from cms.templating import brand, template_drafts, template_form, templates, text_languages
from cms.test_numbers import test_numbers
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
    app_step,
    authenticator,
    trail,
    broadcast_drafts,
    broadcasts,
    brand,
    bulk_acts,
    draft_sending,
    exports,
    fallback,
    gateway_forms,
    gateways,
    get_going,
    hook_rotation,
    hook_settings,
    hook_trials,
    hooks,
    invitations,
    key_requests,
    key_rotation,
    key_settings,
    languages,
    limits,
    login,
    message_lists,
    message_details,
    own_sessions,
    passkey_step,
    passkeys,
    password,
    pumping,
    recovery,
    schedule_form,
    schedules,
    search,
    second_factor,
    second_step,
    second_steps,
    sign_ins,
    single_messages,
    overview,
    suppressions,
    template_drafts,
    template_form,
    templates,
    text_languages,
    test_numbers,
    themes,
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
    themes.init_app(app)
    agents.init_app(app)
    alarms.init_app(app)
    histories.init_app(app)
    app.register_blueprint(console)
    app.register_blueprint(root.blueprint)
    brand.init_app(app)
    broadcast_drafts.init_app(app)
    unsubscribing.init_app(app)

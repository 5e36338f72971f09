"""Twilio's interface: what its SDKs send is parsed here, given to our services and answered in Twilio's words.

The package isn't called `twilio`, because that is the name of the Python SDK, which tests import.
"""

from flask import Flask

from exts import csrf
from twilio_api import attempts, errors, messages, verifications, verify_services
from twilio_api.door import Door

DOORS: tuple[Door, ...] = (
    verify_services.blueprint,
    verifications.blueprint,
    attempts.blueprint,
    messages.blueprint,
)


def init_app(app: Flask) -> None:
    """Bind to `app`."""
    errors.answer_unknown_addresses(app)
    for door in DOORS:
        csrf.exempt(door)  # no cookie is read here, so there is no request to forge
        app.register_blueprint(door)

"""Keycloak with netzbegruenung's `sms-authenticator`, whose administrator chooses every name.

It glues JSON together without escaping, leaves `"null":"null"` for a sender that is not set, and only logs a failure.
The code is inside the text.
"""

from collections.abc import Sequence
from typing import ClassVar

from domain.errors import InvalidInput
from hooks import credentials
from hooks.bodies import fields
from hooks.senders.base import Sender, json_post
from hooks.senders.plain import deliveries_of
from services.hooks.exchange import Delivery, Incoming
from services.hooks.hook_views import HookView
from services.hooks.trials import Trial


class Keycloak(Sender):
    """Keycloak's SMS authenticator."""

    methods: ClassVar[Sequence[str]] = ("POST", "GET")

    def is_genuine(self, incoming: Incoming, secret: str, now: float) -> bool:
        """Tell whether the token is in a header or, as the plugin can be set up, among the fields."""
        return credentials.in_any_header(incoming, secret) or any(
            credentials.same(value, secret) for value in _fields_or_none(incoming).values()
        )

    def read(self, hook: HookView, incoming: Incoming) -> Sequence[Delivery]:
        """Return the text."""
        return deliveries_of(fields(incoming))

    def sample(self, trial: Trial, secret: str) -> Incoming:
        """Return a post as the plugin makes it without a sender."""
        body = {"text": f"Your SMS code is {trial.code}", "to": trial.to, "null": "null"}
        return json_post(body, {"authorization": secret})


def _fields_or_none(incoming: Incoming) -> dict[str, str]:
    try:
        return fields(incoming)
    except InvalidInput:
        return {}

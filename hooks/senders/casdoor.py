"""Casdoor: an SMS provider of type "Custom HTTP SMS" (object/sms_custom_http.go), to which only 200 is a success."""

from collections.abc import Sequence
from typing import ClassVar

from hooks.bodies import fields
from hooks.senders.base import Sender
from hooks.senders.plain import deliveries_of
from services.hooks.exchange import Delivery, Incoming
from services.hooks.hook_views import HookView
from services.hooks.trials import Trial


class Casdoor(Sender):
    """Casdoor."""

    methods: ClassVar[Sequence[str]] = ("POST", "PUT", "DELETE", "GET")

    def read(self, hook: HookView, incoming: Incoming) -> Sequence[Delivery]:
        """Return the code where the template is a bare `%s`, else the text."""
        return deliveries_of(fields(incoming))

    def sample(self, trial: Trial, secret: str) -> Incoming:
        """Return a form with a bare code."""
        number = trial.to.replace("+", "%2B")
        headers = {"content-type": "application/x-www-form-urlencoded", "authorization": f"Bearer {secret}"}
        return Incoming(headers=headers, body=f"phoneNumber={number}&content={trial.code}".encode())

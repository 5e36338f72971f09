"""Logto: the connectors "HTTP SMS" and "HTTP Email" (@logto/connector-http-sms, @logto/connector-http-email).

The header is `Authorization: <text>` without a scheme, and numbers come without a plus sign. Logto does not retry.
"""

from collections.abc import Sequence

from domain.destinations import channel_of
from domain.errors import FieldProblem, InvalidInput
from domain.statuses import Channel
from hooks import credentials
from hooks.bodies import inner, json_object, text
from hooks.senders.base import Sender, json_post
from services.hooks.exchange import Delivery, Incoming
from services.hooks.hook_views import HookView
from services.hooks.trials import Trial


class Logto(Sender):
    """Logto."""

    def is_genuine(self, incoming: Incoming, secret: str, now: float) -> bool:
        """Tell whether the Authorization header carries the secret."""
        return credentials.in_authorization(incoming, secret)

    def read(self, hook: HookView, incoming: Incoming) -> Sequence[Delivery]:
        """Return the code; an invitation to an organization has a link only."""
        body = json_object(incoming)
        payload = inner(body, "payload")
        to, code, link = text(body.get("to")), text(payload.get("code")), text(payload.get("link"))
        if not code and not link:
            raise InvalidInput(FieldProblem("payload", "has neither a code nor a link"))
        return [
            Delivery(
                channel_of(to),
                to,
                text(body.get("type")) or "default",
                code=code or None,
                text=None if code else link,
                link=link or None,
                locale=text(payload.get("locale")) or text(payload.get("uiLocales")) or None,
                client_ip=text(body.get("ip")) or None,
            )
        ]

    def sample(self, trial: Trial, secret: str) -> Incoming:
        """Return a post of a sign-in code."""
        is_number = channel_of(trial.to) is Channel.SMS
        to = trial.to.removeprefix("+") if is_number else trial.to
        body = {"to": to, "type": "SignIn", "payload": {"code": trial.code}}
        return json_post(body, {"authorization": secret})

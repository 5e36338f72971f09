"""Auth0: the Action in deploy/auth0/send-phone-message.js, or the older custom gateway with its signed token.

The older one may write a number with blanks, and takes 200 only.
"""

from collections.abc import Sequence

from domain.errors import FieldProblem, InvalidInput
from domain.statuses import Channel
from hooks import credentials
from hooks.bodies import inner, json_object, text
from hooks.senders.base import Sender, json_post
from services.hooks.exchange import Delivery, Incoming
from services.hooks.hook_views import HookView
from services.hooks.trials import Trial


class Auth0(Sender):
    """Auth0."""

    def is_genuine(self, incoming: Incoming, secret: str, now: float) -> bool:
        """Tell whether the Bearer token is the secret, or was signed with it."""
        token = incoming.headers.get("authorization", "").partition(" ")[2].strip()
        return credentials.in_authorization(incoming, secret) or credentials.signed_token(token, secret, now)

    def read(self, hook: HookView, incoming: Incoming) -> Sequence[Delivery]:
        """Return the code, or the text of an older gateway, which has the code inside."""
        body = json_object(incoming)
        if text(body.get("delivery_method")) == "voice":
            raise InvalidInput(FieldProblem("delivery_method", "must be text: nothing here can speak"))
        code, said = text(body.get("code")), text(body.get("as_text")) or text(body.get("body"))
        if not code and not said:
            raise InvalidInput(FieldProblem("body", "is missing"))
        return [
            Delivery(
                Channel.SMS,
                text(body.get("recipient")),
                text(body.get("message_type")) or "default",
                code=code or None,
                text=said or None,
                locale=text(body.get("locale")) or None,
                client_ip=text(body.get("ip")) or text(inner(body, "req").get("ip")) or None,
                id=text(body.get("correlation_id")) or None,
            )
        ]

    def sample(self, trial: Trial, secret: str) -> Incoming:
        """Return a post of the Action."""
        body = {
            "recipient": trial.to,
            "as_text": f"Your verification code is: {trial.code}",
            "code": trial.code,
            "delivery_method": "text",
            "message_type": "otp_verify",
            "correlation_id": trial.id,
        }
        return json_post(body, {"authorization": f"Bearer {secret}"})

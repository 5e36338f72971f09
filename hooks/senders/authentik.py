"""authentik: an SMS stage with the provider `generic`. It shows the text of a refusal to the end user."""

import base64
from collections.abc import Sequence

from domain.errors import FieldProblem, InvalidInput
from domain.statuses import Channel
from hooks import credentials
from hooks.bodies import RECIPIENTS, fields, first
from hooks.senders.base import Sender, json_answer, json_post
from services.hooks.exchange import Answer, Delivery, Incoming, Outcome
from services.hooks.hook_views import HookView
from services.hooks.trials import Trial


class Authentik(Sender):
    """authentik."""

    def is_genuine(self, incoming: Incoming, secret: str, now: float) -> bool:
        """Tell whether the secret is the Basic password or the Bearer token."""
        return credentials.in_authorization(incoming, secret)

    def read(self, hook: HookView, incoming: Incoming) -> Sequence[Delivery]:
        """Return the code from `Body` and the text from `Message`; a property mapping may leave one of them out."""
        found = fields(incoming)
        code, said = first(found, "body", "token", "code"), first(found, "message", "text")
        if not code and not said:
            raise InvalidInput(FieldProblem("Body", "is missing"))
        to = first(found, *RECIPIENTS)
        return [Delivery(Channel.SMS, to, "authenticator_sms", code=code or None, text=said or None)]

    def answer(self, outcome: Outcome) -> Answer:
        """Return one plain sentence where it was refused."""
        if outcome.is_good:
            return json_answer(outcome, {})
        return Answer(outcome.status, outcome.said, "text/plain; charset=utf-8", outcome.headers)

    def sample(self, trial: Trial, secret: str) -> Incoming:
        """Return a post with Basic credentials."""
        basic = base64.b64encode(f"sendcode:{secret}".encode()).decode()
        body = {
            "From": "sendcode",
            "To": trial.to,
            "Body": trial.code,
            "Message": f"Use this code to authenticate in authentik: {trial.code}",
        }
        return json_post(body, {"authorization": f"Basic {basic}"})

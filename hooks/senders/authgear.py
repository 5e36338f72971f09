"""Authgear: a custom SMS gateway (docs/specs/sms_gateway.md), which has a word for each outcome."""

import hashlib
import hmac
from collections.abc import Sequence

from domain.errors import FieldProblem, InvalidInput
from domain.statuses import Channel
from hooks import credentials
from hooks.bodies import inner, json_object, text
from hooks.senders.base import Sender, json_answer, json_post
from services.hooks.exchange import Answer, Delivery, Incoming, Kind, Outcome
from services.hooks.hook_views import HookView
from services.hooks.trials import Trial

SIGNATURE = "x-authgear-body-signature"
WORDS = {
    Kind.ACCEPTED: "ok",
    Kind.FORGED: "authentication_failed",
    Kind.UNREADABLE: "unsupported_request",
    Kind.NO_DESTINATION: "invalid_phone_number",
    Kind.NOT_HERE: "delivery_rejected",
    Kind.LIMITED: "rate_limited",
    Kind.UNAVAILABLE: "timeout",
    Kind.FAILED: "unknown_error",
}


class Authgear(Sender):
    """Authgear."""

    def is_genuine(self, incoming: Incoming, secret: str, now: float) -> bool:
        """Tell whether the body has a signature with this secret."""
        return credentials.hex_hmac(incoming.headers.get(SIGNATURE, ""), incoming.body, secret)

    def read(self, hook: HookView, incoming: Incoming) -> Sequence[Delivery]:
        """Return the code from the variables, and the text."""
        body = json_object(incoming)
        variables = inner(body, "template_variables")
        code, said = text(variables.get("code")), text(body.get("body"))
        if not code and not said:
            raise InvalidInput(FieldProblem("body", "is missing"))
        return [
            Delivery(
                Channel.SMS,
                text(body.get("to")),
                text(body.get("template_name")).removesuffix(".txt") or "default",
                code=code or None,
                text=said or None,
                locale=text(body.get("language_tag")) or None,
            )
        ]

    def answer(self, outcome: Outcome) -> Answer:
        """Return the code of the outcome, which is what Authgear reads; the status fits it."""
        word: dict[str, str] = {"code": WORDS[outcome.kind]}
        return json_answer(outcome, word if outcome.is_good else {**word, "description": outcome.said})

    def sample(self, trial: Trial, secret: str) -> Incoming:
        """Return a signed post."""
        post = json_post(
            {
                "to": trial.to,
                "body": f"{trial.code} is your verification code.",
                "app_id": "sendcode",
                "template_name": "verification_sms.txt",
                "language_tag": "en",
                "template_variables": {"code": trial.code},
            },
            {},
        )
        signed = hmac.new(secret.encode(), post.body, hashlib.sha256).hexdigest()
        return Incoming(headers={**post.headers, SIGNATURE: signed}, body=post.body)

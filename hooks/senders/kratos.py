"""Ory Kratos: a courier of type `http`, with the body that deploy/kratos/sendcode.jsonnet writes, or with its default.

Kratos gives a message no id, and v1.0 takes 202 for a failure (ory/kratos#3399).
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from domain.destinations import channel_of
from domain.errors import FieldProblem, InvalidInput
from domain.statuses import Channel
from hooks.bodies import inner, json_object, text
from hooks.senders.base import Sender, json_post
from services.hooks.exchange import Delivery, Incoming
from services.hooks.hook_views import HookView
from services.hooks.trials import Trial

CODES = ("login_code", "registration_code", "verification_code", "recovery_code")
LINKS = ("verification_url", "recovery_url")


class Kratos(Sender):
    """Ory Kratos."""

    def read(self, hook: HookView, incoming: Incoming) -> Sequence[Delivery]:
        """Return the one message; a template without a code, such as recovery_code_invalid, is a text."""
        body = json_object(incoming)
        data = {**body, **inner(body, "template_data")}
        to = text(body.get("recipient")) or text(data.get("to"))
        if not to:
            raise InvalidInput(FieldProblem("recipient", "is missing"))
        code = _first(data, CODES)
        said = text(body.get("body")) or None
        if not code and said is None:
            raise InvalidInput(FieldProblem("body", "has neither a code nor a text"))
        minutes = data.get("expires_in_minutes")
        life = timedelta(minutes=minutes) if type(minutes) is int and 0 < minutes < 100_000 else None
        return [
            Delivery(
                _channel(body, to),
                to,
                text(body.get("template_type")) or "default",
                code=code or None,
                text=said,
                subject=text(body.get("subject")) or None,
                html=text(body.get("html_body")) or None,
                link=_first(data, LINKS) or None,
                life=life,
            )
        ]

    def sample(self, trial: Trial, secret: str) -> Incoming:
        """Return a post of a login code."""
        channel = channel_of(trial.to)
        body = {
            "recipient": trial.to,
            "template_type": "login_code_valid",
            "message_type": "sms" if channel is Channel.SMS else "email",
            "subject": "Use code to sign in",
            "body": f"Your login code is: {trial.code}",
            "template_data": {"login_code": trial.code},
        }
        return json_post(body, {"authorization": f"Bearer {secret}"})


def _channel(body: Mapping[str, Any], to: str) -> Channel:
    told = text(body.get("message_type")).lower()
    if told in ("sms", "phone"):
        return Channel.SMS
    return Channel.EMAIL if told == "email" else channel_of(to)


def _first(data: Mapping[str, Any], names: Sequence[str]) -> str:
    return next((found for name in names if (found := text(data.get(name)))), "")

"""Any other server: JSON or a form, with fields of the usual names."""

from collections.abc import Sequence
from dataclasses import replace

from domain.statuses import Channel
from hooks.bodies import RECIPIENTS, fields, first
from hooks.senders.base import Sender, json_post
from hooks.senders.plain import deliveries_of
from services.hooks.exchange import Delivery, Incoming
from services.hooks.hook_views import HookView
from services.hooks.trials import Trial


class Generic(Sender):
    """A server without a protocol of its own here."""

    def read(self, hook: HookView, incoming: Incoming) -> Sequence[Delivery]:
        """Return the code from `code`, else the text; where both are there, the hook's setting decides."""
        found = fields(incoming)
        told = first(found, "channel").lower()
        channel = Channel(told) if told in list(Channel) else None
        both = {
            "text": first(found, "text", "message", "body", "content"),
            "code": first(found, "code", "otp"),
        }
        if both["code"]:
            one = Delivery(channel or Channel.SMS, "", code=both["code"], text=both["text"] or None)
            to = first(found, *RECIPIENTS)
            one = replace(one, to=to, channel=channel or (Channel.EMAIL if "@" in to else Channel.SMS))
        else:
            (one,) = deliveries_of(found, channel)
        return [
            replace(
                one,
                type=first(found, "type", "purpose") or "default",
                subject=first(found, "subject") or None,
                html=first(found, "html") or None,
                link=first(found, "link") or None,
                locale=first(found, "locale", "language") or None,
                client_ip=first(found, "clientip", "ip") or None,
                id=first(found, "id", "messageid") or None,
            )
        ]

    def sample(self, trial: Trial, secret: str) -> Incoming:
        """Return a post of a code."""
        body = {"to": trial.to, "code": trial.code, "id": trial.id}
        return json_post(body, {"authorization": f"Bearer {secret}"})

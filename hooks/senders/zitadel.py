"""Zitadel: an SMS or e-mail provider of type HTTP (internal/notification, pkg/actions/signing.go).

Of its arguments' names only the first letter is in lower case, so the one-time password is `oTP`; a life is in
nanoseconds.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from domain.destinations import channel_of
from domain.errors import FieldProblem, InvalidInput
from domain.statuses import Channel
from hooks import credentials
from hooks.bodies import inner, json_object, text
from hooks.senders.base import Sender, json_post
from services.hooks.exchange import Delivery, Incoming
from services.hooks.hook_views import HookView
from services.hooks.trials import Trial

CODES = ("oTP", "otp", "OTP", "code", "Code")
LONGEST_NANOSECONDS = 10**15


class Zitadel(Sender):
    """Zitadel."""

    def is_genuine(self, incoming: Incoming, secret: str, now: float) -> bool:
        """Tell whether it has a signature with this key."""
        return credentials.zitadel(incoming, secret, now)

    def read(self, hook: HookView, incoming: Incoming) -> Sequence[Delivery]:
        """Return the one message; some events, such as a changed password, have a text only."""
        body = json_object(incoming)
        context, told, args = (inner(body, name) for name in ("contextInfo", "templateData", "args"))
        phone, mail = text(context.get("recipientPhoneNumber")), text(context.get("recipientEmailAddress"))
        if not phone and not mail:
            raise InvalidInput(FieldProblem("contextInfo", "has no recipient"))
        code = next((found for name in CODES if (found := text(args.get(name)))), "")
        channel = Channel.SMS if phone else Channel.EMAIL
        said = _text(told, channel)
        if not code and not said:
            raise InvalidInput(FieldProblem("templateData", "has no text"))
        return [
            Delivery(
                channel,
                phone or mail,
                text(context.get("eventType")) or "default",
                code=code or None,
                text=said or None,
                subject=text(told.get("subject")) or text(told.get("title")) or None,
                link=text(told.get("url")) or None,
                life=_life(args.get("expiry")),
            )
        ]

    def sample(self, trial: Trial, secret: str) -> Incoming:
        """Return a signed post of a one-time password."""
        is_number = channel_of(trial.to) is Channel.SMS
        recipient = "recipientPhoneNumber" if is_number else "recipientEmailAddress"
        post = json_post(
            {
                "contextInfo": {
                    "eventType": f"session.otp.{'sms' if is_number else 'email'}.challenged",
                    "provider": {"id": "1", "description": "sendcode"},
                    recipient: trial.to,
                },
                "templateData": {"text": f"{trial.code} is your one-time password."},
                "args": {"oTP": trial.code, "expiry": 300_000_000_000},
            },
            {},
        )
        return Incoming(
            headers={
                **post.headers,
                "zitadel-signature": signature(secret, int(trial.at.timestamp()), post.body),
            },
            body=post.body,
        )


def signature(secret: str, stamp: int, body: bytes) -> str:
    """Return the header as the server makes it."""
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"


def _text(told: Mapping[str, Any], channel: Channel) -> str:
    said = text(told.get("text"))
    if channel is Channel.SMS:
        return said
    parts = (told.get("greeting"), said, told.get("url"), told.get("footerText"))
    return "\n\n".join(found for part in parts if (found := text(part)))


def _life(expiry: Any) -> timedelta | None:
    if type(expiry) is int and 0 < expiry < LONGEST_NANOSECONDS:
        return timedelta(microseconds=expiry // 1000)
    return None

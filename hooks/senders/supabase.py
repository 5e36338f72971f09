"""Supabase Auth: the hooks "Send SMS" and "Send Email" (supabase/auth, internal/hooks).

Its retries have a new `webhook-id` each, but the same `metadata.uuid`. It repeats after 503 with Retry-After at once.
"""

import base64
import hmac
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

from domain.destinations import channel_of
from domain.errors import FieldProblem, InvalidInput
from domain.hooks import is_web_address
from domain.statuses import Channel
from hooks import credentials
from hooks.bodies import inner, json_object, text
from hooks.senders import supabase_notices
from hooks.senders.base import Sender, json_answer, json_post
from services.hooks.exchange import Answer, Delivery, Incoming, Kind, Outcome
from services.hooks.hook_views import HookView
from services.hooks.trials import Trial

OWN_PORT = 9999
"""The port of an auth server without the API gateway that puts `/auth/v1` before its paths."""


class Supabase(Sender):
    """Supabase Auth."""

    def is_genuine(self, incoming: Incoming, secret: str, now: float) -> bool:
        """Tell whether it has a signature with this secret; the server signs with each of its own."""
        return credentials.standard_webhook(incoming, secret, now)

    def read(self, hook: HookView, incoming: Incoming) -> Sequence[Delivery]:
        """Return the SMS, or the one or two mails."""
        body = json_object(incoming)
        metadata = inner(body, "metadata")
        known: dict[str, Any] = {
            "id": text(metadata.get("uuid")) or None,
            "client_ip": text(metadata.get("ip_address")),
        }
        if "sms" in body:
            sms = inner(body, "sms")
            to = text(sms.get("phone")) or text(inner(body, "user").get("phone"))
            type = text(sms.get("sms_type")) or "otp"
            return [Delivery(Channel.SMS, to, type, code=text(sms.get("otp")), **known)]
        if "email_data" not in body:
            raise InvalidInput(FieldProblem("body", "has neither sms nor email_data"))
        return list(_mails(hook, inner(body, "user"), inner(body, "email_data"), known))

    def answer(self, outcome: Outcome) -> Answer:
        """Return an error as 200 with `error`: its message reaches the end user, any other answer is a bare 500."""
        if outcome.is_good:
            return json_answer(outcome, {})
        body = {"error": {"http_code": outcome.status, "message": outcome.said}}
        is_for_user = outcome.kind not in (Kind.FORGED, Kind.UNAVAILABLE)
        return json_answer(outcome, body, 200 if is_for_user else None)

    def sample(self, trial: Trial, secret: str) -> Incoming:
        """Return a signed post of an SMS or a magic link."""
        metadata = {"uuid": trial.id, "time": trial.at.isoformat()}
        if channel_of(trial.to) is Channel.SMS:
            phone = trial.to.removeprefix("+")
            body = {
                "metadata": {**metadata, "name": "send-sms"},
                "user": {"phone": phone},
                "sms": {"otp": trial.code, "phone": phone},
            }
        else:
            data = {
                "token": trial.code,
                "token_hash": trial.id,
                "redirect_to": "https://example.org",
                "email_action_type": "magiclink",
                "site_url": "https://project.supabase.co",
            }
            body = {
                "metadata": {**metadata, "name": "send-email"},
                "user": {"email": trial.to},
                "email_data": data,
            }
        stamp = str(int(trial.at.timestamp()))
        post = json_post(body, {"webhook-id": trial.id, "webhook-timestamp": stamp})
        return Incoming(
            headers={
                **post.headers,
                "webhook-signature": signature(secret, f"{trial.id}.{stamp}.".encode() + post.body),
            },
            body=post.body,
        )


def signature(secret: str, signed: bytes) -> str:
    """Return one signature as the server makes it."""
    key = base64.b64decode(secret.removeprefix("v1,whsec_"))
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def _mails(
    hook: HookView, user: Mapping[str, Any], data: Mapping[str, Any], known: Mapping[str, Any]
) -> Iterator[Delivery]:
    type = text(data.get("email_action_type")) or "email"
    current = text(user.get("email"))
    if type in supabase_notices.TYPES:
        to = text(data.get("old_email")) if type == "email_changed_notification" else current
        said = supabase_notices.text(type, hook.settings.get("locale"))
        yield Delivery(Channel.EMAIL, to or current, type, text=said, subject=said.split(".")[0], **known)
        return

    def mail(to: str, token: str, token_hash: str) -> Delivery:
        link = verify_link(hook, data, token_hash, type)
        return Delivery(Channel.EMAIL, to, type, code=text(data.get(token)), link=link, **known)

    if type != "email_change":
        yield mail(current, "token", "token_hash")
    elif data.get("token_new"):
        # crossed, and kept so by Supabase for compatibility: token_hash_new is the hash for `token`
        yield mail(current, "token", "token_hash_new")
        yield mail(text(user.get("new_email")), "token_new", "token_hash")
    else:
        yield mail(text(user.get("new_email")) or current, "token", "token_hash")


def verify_link(hook: HookView, data: Mapping[str, Any], token_hash: str, type: str) -> str | None:
    """Return the address that confirms in place of the code; None where the mail has none.

    `site_url` is the server's own address. Behind Supabase's API gateway its paths begin with `/auth/v1`; the hook's
    setting `verify_url` is for installations where neither guess is right.
    """
    hashed, site = text(data.get(token_hash)), text(data.get("site_url"))
    base = hook.settings.get("verify_url") or _verify_url(site)
    if not hashed or base is None:
        return None
    query = {"token": hashed, "type": type}
    redirect_to = text(data.get("redirect_to"))
    if is_web_address(redirect_to) or "://" in redirect_to:
        query["redirect_to"] = redirect_to
    return f"{base}{'&' if '?' in base else '?'}{urlencode(query)}"


def _verify_url(site: str) -> str | None:
    if not is_web_address(site):
        return None
    try:
        parts = urlsplit(site)
        has_prefix = "/auth/v1" in parts.path or parts.port == OWN_PORT
    except ValueError:
        return None
    return f"{site.rstrip('/')}/verify" if has_prefix else f"{site.rstrip('/')}/auth/v1/verify"

"""Check the events that Sendcode posts (Standard Webhooks 1.0, standardwebhooks.com)."""

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping, Sequence

from sendcode.errors import InvalidSignature
from sendcode.reading import moment
from sendcode.webhook_answers import Event

TOLERANCE_SECONDS = 300
_DIGITS = re.compile(r"[1-9][0-9]{0,14}")


def verify(
    body: bytes | str,
    headers: Mapping[str, str],
    secrets: str | Sequence[str],
    *,
    tolerance: float = TOLERANCE_SECONDS,
    now: float | None = None,
) -> Event:
    """Return the event in `body`, the bytes as they arrived, if one of `secrets` signed it.

    Give the old and the new secret while one is being changed. Keep `Event.id` and skip an event that was seen: one may
    come twice. Raises InvalidSignature, and ValueError for a secret that is none.
    """
    content = body.encode() if isinstance(body, str) else bytes(body)
    given = {name.lower(): value for name, value in headers.items()}
    message_id, stamp = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    signatures = re.split(r"[ ]+|, ?(?=v1a?,)", given.get("webhook-signature", "").strip())
    if not message_id or not _DIGITS.fullmatch(stamp):
        raise InvalidSignature("webhook-id or webhook-timestamp is missing")
    if abs((time.time() if now is None else now) - int(stamp)) > tolerance:
        raise InvalidSignature("the event is too old, or a clock is wrong")
    signed = f"{message_id}.{stamp}.".encode() + content
    keys = [_key(secret) for secret in ([secrets] if isinstance(secrets, str) else secrets)]
    matches = [
        hmac.compare_digest(signature.encode("utf-8", "replace"), _sign(key, signed))
        for key in keys
        for signature in signatures
    ]
    if not any(matches):
        raise InvalidSignature("no signature is made with one of the secrets")
    return _event(message_id, content)


def _event(message_id: str, content: bytes) -> Event:
    try:
        told = json.loads(content)
        return Event(message_id, str(told["type"]), moment(told["timestamp"]), told["data"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InvalidSignature("the body is no event") from None


def _sign(key: bytes, signed: bytes) -> bytes:
    return b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())


def _key(secret: str) -> bytes:
    if not secret:
        raise ValueError("a secret is empty")
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise ValueError("a secret after whsec_ is not base64") from None

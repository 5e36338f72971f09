"""Signed messages between servers, after the Standard Webhooks specification 1.0 (standardwebhooks.com)."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

PREFIX = "whsec_"
TOLERANCE_SECONDS = 300


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the `webhook-signature` of `body`. Raises ValueError where a `whsec_` secret is not base64."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(key(secret), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def headers(secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the three headers that are sent with `body`."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(secret, message_id, timestamp, body),
    }


def verify(
    secret: str, given: Mapping[str, str], body: bytes, now: float, tolerance: int = TOLERANCE_SECONDS
) -> bool:
    """Tell whether `body` was signed with `secret` within `tolerance` seconds of `now`, in Unix seconds.

    `webhook-signature` may hold several signatures, separated by spaces, while a secret is being changed. Some senders
    join them with ", " instead, as HTTP joins repeated headers. An empty secret verifies nothing.
    """
    lower = {name.lower(): value for name, value in given.items()}
    try:
        message_id, stamp = lower["webhook-id"], lower["webhook-timestamp"]
        signatures = lower["webhook-signature"].encode().replace(b", v", b" v").split()
        timestamp = int(stamp)
        expected = sign(secret, message_id, timestamp, body).encode()
    except (KeyError, ValueError):
        return False
    # The signature covers the digits as they were sent: " 1" or "+1" would be signed as another text.
    if not secret or not message_id or str(timestamp) != stamp or abs(now - timestamp) > tolerance:
        return False
    matches = [hmac.compare_digest(signature, expected) for signature in signatures]
    return any(matches)


def key(secret: str) -> bytes:
    """Return the key itself. Raises ValueError where a `whsec_` secret is not base64."""
    if not secret.startswith(PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("the secret after whsec_ is not base64") from None

"""How servers prove who they are: a secret in a header, a signature over the body, a signed token."""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from typing import Any

from domain.hooks import SUPABASE_SECRET
from services.hooks.exchange import Incoming

TOLERANCE_SECONDS = 300
"""How old a signed timestamp may be: Standard Webhooks 1.0, and Zitadel's own client."""
LEEWAY_SECONDS = 60
_SIGNATURE = re.compile(r"v1,([A-Za-z0-9+/=]+)")
_HEX_SIGNATURE = re.compile(r"v1=([0-9a-f]{64})", re.IGNORECASE)


def same(given: str, expected: str) -> bool:
    """Compare in constant time; an empty secret is equal to nothing."""
    return bool(expected) and hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def in_any_header(incoming: Incoming, secret: str) -> bool:
    """Tell whether a header carries the secret: as it is, after a scheme, as a Basic password, or in a cookie.

    Whoever sets up the server chooses the header's name, so any will do.
    """
    offered = [one for value in incoming.headers.values() for one in _spellings(value)]
    offered += [part.partition("=")[2] for part in incoming.headers.get("cookie", "").split(";")]
    return any(same(one.strip(), secret) for one in offered)


def in_authorization(incoming: Incoming, secret: str) -> bool:
    """Tell whether the Authorization header carries it: as it is, after a scheme, or as a Basic password."""
    found = incoming.headers.get("authorization", "")
    return any(same(one, secret) for one in _spellings(found))


def _spellings(value: str) -> Iterator[str]:
    yield value
    scheme, _, rest = value.partition(" ")
    if not rest:
        return
    yield rest.strip()
    if scheme.lower() == "basic":
        try:
            user, _, password = base64.b64decode(rest, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return
        yield password or user


def standard_webhook(incoming: Incoming, secret: str, now: float) -> bool:
    """Tell whether the body was signed after Standard Webhooks 1.0, also by several secrets joined by ", "."""
    found = SUPABASE_SECRET.fullmatch(secret)
    id = incoming.headers.get("webhook-id", "")
    stamp = incoming.headers.get("webhook-timestamp", "")
    if found is None or not id or not _is_fresh(stamp, now):
        return False
    try:
        key = base64.b64decode(found[1] + "=" * (-len(found[1]) % 4))
    except binascii.Error:
        return False
    expected = base64.b64encode(hmac.digest(key, f"{id}.{stamp}.".encode() + incoming.body, "sha256"))
    offered = _SIGNATURE.findall(incoming.headers.get("webhook-signature", ""))
    return any(same(one, expected.decode()) for one in offered)


def zitadel(incoming: Incoming, secret: str, now: float) -> bool:
    """Tell whether `ZITADEL-Signature: t=…,v1=…` has a signature with this key that is at most 300 s old."""
    given = incoming.headers.get("zitadel-signature", "")
    stamp = next((part[2:] for part in given.replace(" ", "").split(",") if part.startswith("t=")), "")
    if not _is_fresh(stamp, now):
        return False
    expected = hmac.new(secret.encode(), f"{stamp}.".encode() + incoming.body, hashlib.sha256).hexdigest()
    return any(same(one.lower(), expected) for one in _HEX_SIGNATURE.findall(given))


def hex_hmac(given: str, body: bytes, secret: str) -> bool:
    """Tell whether `given` is the HMAC-SHA256 of the body in hexadecimal digits."""
    return same(given.strip().lower(), hmac.new(secret.encode(), body, hashlib.sha256).hexdigest())


def signed_token(token: str, secret: str, now: float) -> bool:
    """Tell whether a JSON Web Token (RFC 7519) was signed with this secret by HS256 and is in its time.

    No other algorithm is taken: `none`, or a public key used as a secret, would be forgeries.
    """
    signed, _, signature = token.rpartition(".")
    try:
        head, claims = (_json(part) for part in signed.split("."))
        expected = hmac.digest(secret.encode(), signed.encode("ascii"), "sha256")
        is_ours = hmac.compare_digest(_decoded(signature), expected)
        begins, ends = float(claims.get("nbf", now)), float(claims.get("exp", now))
    except (ValueError, TypeError, AttributeError):
        return False
    in_time = begins - LEEWAY_SECONDS <= now <= ends + LEEWAY_SECONDS
    return bool(secret) and head.get("alg") == "HS256" and is_ours and in_time


def _json(part: str) -> Any:
    return json.loads(_decoded(part))


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _is_fresh(stamp: str, now: float) -> bool:
    return (
        stamp.isascii()
        and stamp.isdigit()
        and len(stamp) <= 12
        and abs(now - int(stamp)) <= TOLERANCE_SECONDS
    )

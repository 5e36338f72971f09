"""The signing secrets of an endpoint, kept sealed in its row; during a rotation there are several."""

import base64
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from channels.signatures import webhooks as signatures
from domain.keyring import Keyring
from models.types import from_microseconds, microseconds

SECRET_BYTES = 32
"""Standard Webhooks: 24 to 64 random bytes."""
MOST_SECRETS = 5


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret; without `until` it is the current one."""

    text: str = field(repr=False)
    until: datetime | None = None

    def signs(self, now: datetime) -> bool:
        """Tell whether it still signs."""
        return self.until is None or self.until > now


def new_secret() -> Secret:
    """Return a random secret as the specification writes it: `whsec_` and base64."""
    return Secret(signatures.PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode())


def rotated(old: Sequence[Secret], until: datetime, now: datetime) -> list[Secret]:
    """Return a new secret and those that still sign, none of them for longer than `until`."""
    kept = [Secret(one.text, min(one.until or until, until)) for one in old]
    return [new_secret(), *(one for one in kept if one.signs(now))][:MOST_SECRETS]


def seal(keyring: Keyring, row: str, kept: Sequence[Secret]) -> bytes:
    """Return secrets, newest first, encrypted for the row of an endpoint."""
    told = [[one.text, None if one.until is None else microseconds(one.until)] for one in kept]
    return keyring.seal(json.dumps(told).encode(), row=row)


def opened(keyring: Keyring, row: str, sealed: bytes) -> list[Secret]:
    """Return the secrets of an endpoint, newest first; raises Unreadable."""
    found = json.loads(keyring.open(sealed, row=row))
    return [Secret(text, None if until is None else from_microseconds(until)) for text, until in found]


def headers(kept: Sequence[Secret], message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """Return the headers of Standard Webhooks, with a signature of each secret that still signs."""
    timestamp = int(now.timestamp())
    signed = [signatures.sign(one.text, message_id, timestamp, body) for one in kept if one.signs(now)]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signed),
    }

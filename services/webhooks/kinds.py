"""How a delivery is written: one maker for each kind, so that the outbox can also carry other people's call-backs."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from domain.keyring import Keyring
from services.events.data import time
from services.webhooks import signing


@dataclass(frozen=True, slots=True)
class Due:
    """One delivery that this process has claimed, with its event and its endpoint."""

    id: str
    event_id: str
    type: str
    at: datetime
    data: str = field(repr=False)
    """JSON."""
    kind: str
    url: str = field(repr=False)
    """Of the endpoint, or the delivery's own; empty where the endpoint was switched off or removed."""
    webhook_id: str | None
    sealed: bytes | None = field(repr=False)
    tries: int
    lease_token: str
    failing_since: datetime | None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What is posted."""

    url: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


Maker = Callable[[Due, Keyring, datetime], Outgoing]
"""Writes and signs one delivery; called for each try, in a thread without a request. It may raise Unreadable."""


def standard(due: Due, keyring: Keyring, now: datetime) -> Outgoing:
    """Write an event as Standard Webhooks 1.0 wants it: the same id at every try, the time of the try."""
    body = f'{{"type":{json.dumps(due.type)},"timestamp":"{time(due.at)}","data":{due.data}}}'.encode()
    kept = signing.opened(keyring, due.webhook_id or "", due.sealed or b"")
    signed = signing.headers(kept, due.event_id, now, body)
    return Outgoing(due.url, {"Content-Type": "application/json", **signed}, body)

"""What the search finds: a kind of thing, its id, and what a page shows of it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.statuses import Channel

MOST = 6
"""Hits of one kind: a page shows all but the last, which tells that there are more."""


class Kind(StrEnum):
    """What can be found, in the order in which a page shows it."""

    MESSAGE = "message"
    VERIFICATION = "verification"
    BROADCAST = "broadcast"
    SUPPRESSION = "suppression"
    TEMPLATE = "template"
    GATEWAY = "gateway"
    KEY = "key"
    REQUEST = "request"
    WEBHOOK = "webhook"
    HOOK = "hook"
    SCHEDULE = "schedule"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing. `id` is what its page takes; `name` is masked where it is a destination."""

    kind: Kind
    id: str
    name: str = field(repr=False)
    channel: Channel | None = None
    status: str | None = None
    """Of a message or a verification."""
    at: datetime | None = None
    of_key: str | None = None
    """Of a request: the id of its API key."""

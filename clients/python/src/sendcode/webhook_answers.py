"""What the service answers about webhooks, and what a webhook told; read as the other answers are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Webhook:
    """An endpoint that gets events; `events` is None for all."""

    id: str
    url: str
    events: tuple[str, ...] | None
    description: str | None
    enabled: bool
    disabled_reason: str | None
    disabled_at: datetime | None
    failing_since: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MadeWebhook:
    """An endpoint with its secret, which is never shown again."""

    id: str
    url: str
    events: tuple[str, ...] | None
    description: str | None
    enabled: bool
    disabled_reason: str | None
    disabled_at: datetime | None
    failing_since: datetime | None
    created_at: datetime
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Webhooks:
    """The endpoints of a key, newest first."""

    webhooks: tuple[Webhook, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one endpoint, and how it was answered last; `event_id` is the `webhook-id` of every try."""

    id: str
    event_id: str
    type: str
    status: str
    tries: int
    answer_status: int | None
    answer: str | None
    error: str | None
    took_ms: int | None
    tried_at: datetime | None
    next_try_at: datetime | None
    created_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many deliveries are posted again."""

    replayed: int


@dataclass(frozen=True, slots=True)
class Event:
    """What a webhook told. `id` is the same at every try of one event: keep it, and skip what was seen."""

    id: str
    type: str
    timestamp: datetime
    data: Mapping[str, Any]

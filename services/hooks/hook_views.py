"""What may leave the services of a hook: never its secret."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import current_app

from domain.hooks import HookType
from domain.owners import Owner
from domain.statuses import Channel
from models import Hook, clock


@dataclass(frozen=True, slots=True)
class HookView:
    """A hook as doors see it."""

    id: str
    type: HookType
    name: str
    channel: Channel | None
    settings: Mapping[str, Any]
    destinations: tuple[str, ...] = field(repr=False)
    is_on: bool
    created_at: datetime
    last_used_at: datetime | None
    removed_at: datetime | None
    old_until: datetime | None
    """Until when the secret before the last rotation works; None where it no longer does."""

    @property
    def owner(self) -> Owner:
        """Who owns what it sends."""
        return Owner(f"hook:{self.id}")

    @property
    def takes_posts(self) -> bool:
        """Tell whether it is neither removed nor switched off."""
        return self.is_on and self.removed_at is None


def view(row: Hook) -> HookView:
    """Return what may leave the services."""
    old = row.old_until
    return HookView(
        id=row.id,
        type=HookType(row.type),
        name=row.name,
        channel=Channel(row.channel) if row.channel else None,
        settings=row.settings or {},
        destinations=tuple(row.destinations or ()),
        is_on=row.is_on,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        removed_at=row.removed_at,
        old_until=old if old and old > clock.now() else None,
    )


def url(hook_id: str, host_url: str = "") -> str:
    """Return the address that the server posts to; `host_url` replaces a PUBLIC_URL that is not set."""
    base = current_app.config["PUBLIC_URL"] or host_url or "http://127.0.0.1:5000"
    return f"{base.rstrip('/')}/hooks/{hook_id}"

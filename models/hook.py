"""Hooks: addresses where identity servers and alert senders hand over what is to be sent."""

from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from exts import db
from models.types import Json, UtcTime


class Hook(db.Model):
    """One address; its secret is sealed and not hashed, because signatures are computed with it."""

    __tablename__ = "hook"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    type: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(120))
    channel: Mapped[str | None] = mapped_column(String(8))
    """The only channel it sends by; None for any."""
    settings: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """What it has of its own: see `domain.hooks.check_settings`; None for nothing."""
    destinations: Mapped[list[str] | None] = mapped_column(Json)
    """Where alerts go; None for a hook whose posts name their destination."""
    secret: Mapped[bytes] = mapped_column(LargeBinary(1024))
    old_secret: Mapped[bytes | None] = mapped_column(LargeBinary(1024))
    old_until: Mapped[datetime | None] = mapped_column(UtcTime)
    """Until when the secret before the last rotation is taken, too."""
    is_on: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcTime)


class HookDelivery(db.Model):
    """What a hook has taken, so that a repeated post is sent once; `key` is a keyed hash, because it covers a code."""

    __tablename__ = "hook_delivery"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    state: Mapped[str] = mapped_column(String(64))
    """For a group of alerts a hash of their state; the same for all deliveries of codes."""
    until: Mapped[datetime] = mapped_column(UtcTime, index=True)
    """Until when a repeat is recognized."""

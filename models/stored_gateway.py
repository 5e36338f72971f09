"""Gateways that were added in the console or on the command line; those of gateways.toml have no row."""

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from exts import db
from models.types import MEDIUM_BYTES, UtcTime


class StoredGateway(db.Model):
    """One gateway; its settings are sealed as a whole, because any of them may hold a provider's key."""

    __tablename__ = "gateway"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(64))
    """Its preset or type: what is shown where the settings can't be opened."""
    channel: Mapped[str] = mapped_column(String(8))
    sealed: Mapped[bytes] = mapped_column(LargeBinary(MEDIUM_BYTES))
    """A table of gateways.toml as JSON."""
    version: Mapped[str] = mapped_column(String(32))
    """Random, new with each change: processes compare it with the one they know."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    changed_at: Mapped[datetime] = mapped_column(UtcTime)
    changed_by: Mapped[int | None]
    """The administrator's id; None: the command line."""

"""Destinations that no longer get bulk messages."""

from datetime import datetime

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exts import db
from models.types import UtcTime


class Suppression(db.Model):
    """One row per channel and canonical destination, for the whole installation and for good.

    The whole installation, because somebody who has had enough of our newsletters does not know which of our keys sends
    them. `+tag` stays: somebody who gave us `a+news@b.org` unsubscribes that address, and `a@b.org` may be a list of
    its own or, where `+` means nothing to the server, somebody else.
    """

    __tablename__ = "suppression"
    __table_args__ = (
        UniqueConstraint("channel", "canonical"),
        Index("ix_suppression_created_at", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    channel: Mapped[str] = mapped_column(String(8))
    canonical: Mapped[str] = mapped_column(String(320))
    reason: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UtcTime)

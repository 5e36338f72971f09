"""A broadcast: what its messages share. Messages refer to it; their numbers by status are counted, never stored."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from exts import db
from models.message import SEALED_BYTES
from models.types import UtcTime


class Broadcast(db.Model):
    """`sealed` holds the texts that all recipients get, encrypted for this row; NULL where a template has them."""

    __tablename__ = "broadcast"
    __table_args__ = (Index("ix_broadcast_created_at", "created_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64))
    name: Mapped[str | None] = mapped_column(String(100))
    """What an administrator calls it; programs give none."""
    channel: Mapped[str] = mapped_column(String(8))
    template: Mapped[str | None] = mapped_column(String(64))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary(SEALED_BYTES))
    accepted: Mapped[int]
    rejected: Mapped[int]
    is_test: Mapped[bool] = mapped_column(default=False)
    starts_at: Mapped[datetime] = mapped_column(UtcTime)
    deadline_at: Mapped[datetime] = mapped_column(UtcTime)
    """Moved back by as long as the broadcast was paused."""
    paused_at: Mapped[datetime | None] = mapped_column(UtcTime)
    canceled_at: Mapped[datetime | None] = mapped_column(UtcTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcTime)
    """When its last message had settled, noted together with the event; NULL where no endpoint wanted to know."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)

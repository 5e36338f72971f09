"""A try that did not simply succeed: which gateway was asked, and what it said."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from exts import db
from models.types import UtcTime


class MessageTry(db.Model):
    """A good try has no row: its outcome is in the message. The purge deletes these rows after their messages."""

    __tablename__ = "message_try"
    __table_args__ = (
        Index("ix_message_try_message_id", "message_id"),
        Index("ix_message_try_at", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(String(32))
    """No foreign key: a try that ends after its message was purged must not undo those settled with it."""
    number: Mapped[int]
    """The number of the try; several gateways may be asked in one."""
    gateway: Mapped[str | None] = mapped_column(String(64))
    answer: Mapped[str] = mapped_column(String(16))
    """The code of the error: `refused`, `temporary`, `unknown`, `wrong_gateway`."""
    reason: Mapped[str] = mapped_column(String(255))
    took_ms: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(UtcTime)

"""Recipients from a file: those that wait for a worker to make their messages, and drafts made in the console."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from exts import db
from models.types import MEDIUM_BYTES, Json, UtcTime


class BroadcastPart(db.Model):
    """Up to a thousand recipients of a broadcast, sealed; a worker makes messages of them and deletes the row.

    A draft has the id that its broadcast will have: while there is no broadcast, nothing is made of its parts.
    """

    __tablename__ = "broadcast_part"

    broadcast_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    recipients: Mapped[int]
    segments: Mapped[dict[str, Any]] = mapped_column(Json)
    """How many segments of SMS go to each country; empty for mails."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary(MEDIUM_BYTES))


class BroadcastDraft(db.Model):
    """A broadcast that an administrator is making; `sealed` holds its own texts and what is known of its file."""

    __tablename__ = "broadcast_draft"
    __table_args__ = (Index("ix_broadcast_draft_created_at", "created_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    administrator_id: Mapped[int]
    name: Mapped[str] = mapped_column(String(100))
    channel: Mapped[str] = mapped_column(String(8))
    template: Mapped[str | None] = mapped_column(String(64))
    template_version: Mapped[int | None]
    locale: Mapped[str] = mapped_column(String(35))
    sealed: Mapped[bytes] = mapped_column(LargeBinary(MEDIUM_BYTES))
    rows: Mapped[int | None]
    """How many rows the file has below the names; NULL while there is no file."""
    faults: Mapped[dict[str, Any]] = mapped_column(Json)
    """How many rows are bad, by kind."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class DraftPart(db.Model):
    """Up to a thousand rows of a draft's file as they were uploaded, and what is wrong with them, sealed."""

    __tablename__ = "broadcast_draft_part"

    draft_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    bad: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(LargeBinary(MEDIUM_BYTES))

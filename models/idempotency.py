"""First answers of the API, kept for a day so that a retried request gets the same answer."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from exts import db
from models.types import Json, LongJson, UtcTime


class IdempotentAnswer(db.Model):
    """`status` is NULL while the first request is in flight."""

    __tablename__ = "idempotent_answer"
    __table_args__ = (Index("ix_idempotent_answer_created_at", "created_at"),)

    owner: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of the caller's key, which may be any 1 to 255 characters."""
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    headers: Mapped[dict[str, str] | None] = mapped_column(Json)
    body: Mapped[Any | None] = mapped_column(LongJson)
    created_at: Mapped[datetime] = mapped_column(UtcTime)

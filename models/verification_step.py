"""The steps of verifications with a fallback: which ways the code has gone, and which it may still go."""

from datetime import datetime

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from exts import db
from models.indexes import partial_index
from models.types import UtcTime


class VerificationStep(db.Model):
    """One step; number 0 is the first send. A step is taken or skipped once `at` is set, and is never taken again.

    Only the next step of a verification has a `due_at`: when a worker must look whether it is needed.
    """

    __tablename__ = "verification_step"
    __table_args__ = (
        partial_index("ix_verification_step_due_at", "due_at", where=text("due_at IS NOT NULL")),
        Index("ix_verification_step_canonical", "canonical"),
    )

    verification_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    channel: Mapped[str] = mapped_column(String(8))
    to: Mapped[str] = mapped_column(String(320))
    canonical: Mapped[str] = mapped_column(String(320))
    after_seconds: Mapped[int | None]
    """How long after the step before; NULL for the first send."""
    due_at: Mapped[datetime | None] = mapped_column(UtcTime)
    at: Mapped[datetime | None] = mapped_column(UtcTime)
    message_id: Mapped[str | None] = mapped_column(String(32))
    reason: Mapped[str | None] = mapped_column(String(64))
    """Why it was skipped: the name of the limit, or the code of the error."""


class DefaultStep(db.Model):
    """What an owner of the installation set for a purpose: the order of its channels, and their waits."""

    __tablename__ = "default_step"

    purpose: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    channel: Mapped[str] = mapped_column(String(8))
    after_seconds: Mapped[int]

"""Test numbers: destinations whose code is always the same, and to which nothing is sent."""

from datetime import datetime

from sqlalchemy import LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from exts import db
from models.types import UtcTime


class TestNumber(db.Model):
    """One row per channel and canonical destination; its last day is over at `ends_at`."""

    __tablename__ = "test_number"
    __table_args__ = (UniqueConstraint("channel", "canonical"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    channel: Mapped[str] = mapped_column(String(8))
    to: Mapped[str] = mapped_column(String(320))
    canonical: Mapped[str] = mapped_column(String(320))
    sealed_code: Mapped[bytes | None] = mapped_column(LargeBinary(255))
    """The code, encrypted for this row; erased after the end, when a worker records that in the audit."""
    ends_at: Mapped[datetime] = mapped_column(UtcTime)
    added_by: Mapped[int | None]
    """The administrator's id; None: the command line."""
    added_at: Mapped[datetime] = mapped_column(UtcTime)

"""Delivery reports that can't be applied yet: too early, or in words that we don't know."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from exts import db
from models.types import UtcTime


class EarlyReport(db.Model):
    """A report that came before the answer to its send, so that no message has its reference yet.

    The first one about a reference counts, as it does for messages.
    """

    __tablename__ = "early_report"

    gateway: Mapped[str] = mapped_column(String(64), primary_key=True)
    gateway_reference: Mapped[str] = mapped_column(String(255), primary_key=True)
    status: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(255))
    received_at: Mapped[datetime] = mapped_column(UtcTime)


class EarlyOutcome(db.Model):
    """A bounce, complaint or unsubscription that a company told before any message has its reference."""

    __tablename__ = "early_outcome"

    gateway: Mapped[str] = mapped_column(String(64), primary_key=True)
    gateway_reference: Mapped[str] = mapped_column(String(255), primary_key=True)
    outcome: Mapped[str] = mapped_column(String(16), primary_key=True)
    reason: Mapped[str | None] = mapped_column(String(255))
    received_at: Mapped[datetime] = mapped_column(UtcTime)


class UnknownWord(db.Model):
    """A word for a status that a provider reported and that nobody has given a meaning."""

    __tablename__ = "unknown_word"

    gateway: Mapped[str] = mapped_column(String(64), primary_key=True)
    word: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int] = mapped_column(default=1)
    last_at: Mapped[datetime] = mapped_column(UtcTime)

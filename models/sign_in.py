"""Signing in to the console: attempts, those that wait for their second step, and recovery codes."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from exts import db
from models.administrator import Administrator
from models.types import UtcTime


class SignIn(db.Model):
    """One attempt to sign in, successful or not. Kept for a limited time."""

    __tablename__ = "sign_in"
    __table_args__ = (
        Index("ix_sign_in_administrator", "administrator_id", "id"),
        Index("ix_sign_in_at", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcTime)
    administrator_id: Mapped[int | None]
    """None where nobody has the typed address; no foreign key, so that a row outlives the administrator."""
    typed: Mapped[str] = mapped_column(String(320))
    """The typed address, masked; empty where it was not an address."""
    outcome: Mapped[str] = mapped_column(String(16))
    ip: Mapped[str | None] = mapped_column(String(45))
    user_agent: Mapped[str | None] = mapped_column(String(255))


class SignInStep(db.Model):
    """A sign-in whose password was right and whose code is still to come. It is not a session and opens nothing."""

    __tablename__ = "sign_in_step"
    __table_args__ = (Index("ix_sign_in_step_started_at", "started_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    administrator_id: Mapped[int] = mapped_column(ForeignKey("administrator.id"), index=True)
    started_at: Mapped[datetime] = mapped_column(UtcTime)
    ip: Mapped[str | None] = mapped_column(String(45))
    user_agent: Mapped[str | None] = mapped_column(String(255))

    administrator: Mapped[Administrator] = relationship(lazy="joined")


class RecoveryCode(db.Model):
    """One code that replaces the second step, once; the row keeps its SHA-256, enough for 79 random bits."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    administrator_id: Mapped[int] = mapped_column(ForeignKey("administrator.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcTime)

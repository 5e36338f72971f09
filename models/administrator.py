"""People who sign in to the console, and their sessions."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from exts import db
from models.types import UtcTime


class Administrator(db.Model):
    """One person with a role: `owner`, `operator` or `viewer`."""

    __tablename__ = "administrator"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(320))
    canonical: Mapped[str] = mapped_column(String(320), unique=True)
    phone: Mapped[str | None] = mapped_column(String(20))
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str] = mapped_column(String(255))
    must_change_password: Mapped[bool] = mapped_column(default=False)
    locale: Mapped[str | None] = mapped_column(String(35))
    zone: Mapped[str | None] = mapped_column(String(64))
    """The time zone in which pages show times; None for UTC."""
    second_factor: Mapped[str | None] = mapped_column(String(8))
    """The channel of codes for the second step of a sign-in; None where there is no second step."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcTime)


class AdministratorSession(db.Model):
    """One sign-in. The cookie holds a random token, the row only its hash."""

    __tablename__ = "administrator_session"
    __table_args__ = (Index("ix_administrator_session_last_seen_at", "last_seen_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    administrator_id: Mapped[int] = mapped_column(ForeignKey("administrator.id"), index=True)
    signed_in_at: Mapped[datetime] = mapped_column(UtcTime)
    password_at: Mapped[datetime] = mapped_column(UtcTime)
    """When the password was last proven in this session."""
    last_seen_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    ip: Mapped[str | None] = mapped_column(String(45))
    user_agent: Mapped[str | None] = mapped_column(String(255))

    administrator: Mapped[Administrator] = relationship(lazy="joined")

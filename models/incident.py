"""What kept messages from being sent: since when, and whether people were told."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from exts import db
from models.types import UtcTime


class Incident(db.Model):
    """The last time that one thing was wrong. Whoever changes the row tells people, in the same transaction."""

    __tablename__ = "incident"

    kind: Mapped[str] = mapped_column(String(24), primary_key=True)
    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    """A channel, a gateway or a country; empty where there is only one thing."""
    began_at: Mapped[datetime] = mapped_column(UtcTime)
    seen_at: Mapped[datetime] = mapped_column(UtcTime)
    """When it was last noticed."""
    told_at: Mapped[datetime | None] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    is_again: Mapped[bool] = mapped_column(default=False)
    """Whether it began within an hour of the one before."""

"""When something happened to one destination, for limits that must hold without Redis."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from exts import db
from models.types import UtcTime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class LimitWindow(db.Model):
    """One row per destination and use, so that no two destinations wait for each other."""

    __tablename__ = "limit_window"
    __table_args__ = (Index("ix_limit_window_touched_at", "touched_at"),)

    key: Mapped[str] = mapped_column(String(400), primary_key=True)
    version: Mapped[int]
    """Raised by every change; a writer that saw an older one starts again."""
    events: Mapped[str] = mapped_column(Text)
    touched_at: Mapped[datetime] = mapped_column(UtcTime)


def pack(events: list[datetime]) -> str:
    """Return times as text: milliseconds since 1970, separated by spaces."""
    return " ".join(str((event - _EPOCH) // _MILLISECOND) for event in events)


def unpack(text: str) -> list[datetime]:
    """Return the times that `pack` wrote."""
    return [_EPOCH + int(part) * _MILLISECOND for part in text.split()]

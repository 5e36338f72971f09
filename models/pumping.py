"""The pumping guard: which prefixes are closed, and which ones never are."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from exts import db
from models.types import UtcTime


class PrefixClosure(db.Model):
    """The last closure of a prefix; kept until the next one would be the shortest again."""

    __tablename__ = "prefix_closure"

    prefix: Mapped[str] = mapped_column(String(20), primary_key=True)
    country: Mapped[str | None] = mapped_column(String(2))
    times: Mapped[int]
    """Which closure in a row it is; 0 once a person has opened the prefix."""
    sends: Mapped[int]
    approved: Mapped[int]
    closed_at: Mapped[datetime] = mapped_column(UtcTime)
    until: Mapped[datetime] = mapped_column(UtcTime)


class SafePrefix(db.Model):
    """The guard never refuses numbers that begin with `prefix`, which may also be a whole number."""

    __tablename__ = "safe_prefix"

    id: Mapped[int] = mapped_column(primary_key=True)
    prefix: Mapped[str] = mapped_column(String(20), unique=True)
    note: Mapped[str] = mapped_column(String(120))
    added_by: Mapped[int | None]
    """The administrator's id; None: the command line."""
    added_at: Mapped[datetime] = mapped_column(UtcTime)

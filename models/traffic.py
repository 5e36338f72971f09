"""What became of messages and codes, hour by hour: counts that outlive their rows and hold no destination."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from exts import db
from models.types import Json, UtcTime

NONE = ""
"""Stands for no gateway, country or purpose: a part of a key can't be NULL."""


class Counts:
    """Messages made in one hour by their status, and codes issued in it."""

    queued: Mapped[int]
    sending: Mapped[int]
    sent: Mapped[int]
    delivered: Mapped[int]
    undelivered: Mapped[int]
    failed: Mapped[int]
    expired: Mapped[int]
    canceled: Mapped[int]
    issued: Mapped[int]
    approved: Mapped[int]


class TrafficHour(Counts, db.Model):
    """The counts of one hour (UTC); what is alike is one row.

    Rows that were purged are counted apart: they can't be counted again, the others can.
    """

    __tablename__ = "traffic_hour"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy wants a plain dict

    hour: Mapped[datetime] = mapped_column(UtcTime, primary_key=True)
    is_purged: Mapped[bool] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(8), primary_key=True)
    gateway: Mapped[str] = mapped_column(String(64), primary_key=True)
    country: Mapped[str] = mapped_column(String(2), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(64), primary_key=True)


class OwnerHour(Counts, db.Model):
    """The same by owner, for those who see only what is theirs; apart, so that many owners make no page slow."""

    __tablename__ = "owner_hour"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy wants a plain dict

    hour: Mapped[datetime] = mapped_column(UtcTime, primary_key=True)
    is_purged: Mapped[bool] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), primary_key=True)
    channel: Mapped[str] = mapped_column(String(8), primary_key=True)
    gateway: Mapped[str] = mapped_column(String(64), primary_key=True)


class DeliveryHour(db.Model):
    """How long the codes of one hour were on their way, by channel and gateway."""

    __tablename__ = "delivery_hour"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy wants a plain dict

    hour: Mapped[datetime] = mapped_column(UtcTime, primary_key=True)
    is_purged: Mapped[bool] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(8), primary_key=True)
    gateway: Mapped[str] = mapped_column(String(64), primary_key=True)
    times: Mapped[dict[str, int]] = mapped_column(Json)
    """Codes by the step of `domain/delivery_times.py`."""


class RolledHour(db.Model):
    """An hour that was rolled up; the row is also what those who roll it up or purge it at once compete for."""

    __tablename__ = "rolled_hour"

    hour: Mapped[datetime] = mapped_column(UtcTime, primary_key=True)
    version: Mapped[int]
    is_current: Mapped[bool]
    """False since a purge took rows away: what is left of them is counted live until it is rolled up again."""

"""Hourly counts of messages and codes by outcome; they outlive the counted rows and hold no destination."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from exts import db
from models.types import Json, UtcTime

NONE = ""
"""Means no gateway, country or purpose: a part of a key can't be NULL."""


class Counts:
    """Messages made in one hour by status, and codes issued in it."""

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
    """The counts of one hour (UTC), one row per combination of keys.

    Purged messages are counted in rows of their own, because they can't be counted again and the others can.
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
    """The same by owner, for callers that see only their own; in a separate table, so many owners slow down no page."""

    __tablename__ = "owner_hour"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy wants a plain dict

    hour: Mapped[datetime] = mapped_column(UtcTime, primary_key=True)
    is_purged: Mapped[bool] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), primary_key=True)
    channel: Mapped[str] = mapped_column(String(8), primary_key=True)
    gateway: Mapped[str] = mapped_column(String(64), primary_key=True)


class DeliveryHour(db.Model):
    """How long the codes of one hour took to be delivered, by channel and gateway."""

    __tablename__ = "delivery_hour"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy wants a plain dict

    hour: Mapped[datetime] = mapped_column(UtcTime, primary_key=True)
    is_purged: Mapped[bool] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(8), primary_key=True)
    gateway: Mapped[str] = mapped_column(String(64), primary_key=True)
    times: Mapped[dict[str, int]] = mapped_column(Json)
    """The number of codes in each step of `domain/delivery_times.py`."""


class RolledHour(db.Model):
    """An hour that was rolled up; concurrent roll-ups and purges of the hour compete for this row."""

    __tablename__ = "rolled_hour"

    hour: Mapped[datetime] = mapped_column(UtcTime, primary_key=True)
    version: Mapped[int]
    is_current: Mapped[bool]
    """False after a purge deleted messages: the remaining ones are counted live until the next roll-up."""
    looked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    """When a roll-up last counted it, whether or not anything had changed."""
    counted_until: Mapped[datetime | None] = mapped_column(UtcTime)
    """Up to when it is counted, if it has not ended and has many messages; None: all of it."""
    counted_version: Mapped[int | None]
    """The version with which `counted_until` was written; any other makes it void: older releases do not know it."""

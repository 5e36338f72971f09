"""Periodic jobs kept in the database, and the lease that lets only one beat run them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from exts import db
from models.types import Json, UtcTime


class Schedule(db.Model):
    """One job: a task, its arguments, and either an interval or a crontab line."""

    __tablename__ = "schedule"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    task: Mapped[str] = mapped_column(String(200))
    arguments: Mapped[dict[str, Any]] = mapped_column(Json)
    every_seconds: Mapped[int | None]
    crontab: Mapped[str | None] = mapped_column(String(120))
    timezone: Mapped[str] = mapped_column(String(64), default="UTC")
    queue: Mapped[str | None] = mapped_column(String(64))
    enabled: Mapped[bool] = mapped_column(default=True)
    last_run_at: Mapped[datetime] = mapped_column(UtcTime)
    """The last run or the last change, so that a change never fires an overdue run."""
    runs: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime] = mapped_column(UtcTime)


class ScheduleRun(db.Model):
    """One run of a schedule: when, how long, with what result."""

    __tablename__ = "schedule_run"
    __table_args__ = (Index("ix_schedule_run_schedule", "schedule_name", "queued_at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    schedule_name: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(16))
    queued_at: Mapped[datetime] = mapped_column(UtcTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    result: Mapped[str | None] = mapped_column(String(255))


class Lease(db.Model):
    """A right that one process holds until `expires_at`, renewed while it is alive."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    holder: Mapped[str] = mapped_column(String(120))
    expires_at: Mapped[datetime] = mapped_column(UtcTime)

"""The countries and purposes of messages, as choices for the filters of lists."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, union

from exts import db
from models import Message, Verification
from models.traffic import TrafficHour
from services.process.freshness import once_in

READ_EVERY_SECONDS = 30.0
NEWEST = 5_000
"""Rows looked through for what no roll-up has counted yet."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Countries by code, and purposes, both in order."""

    countries: Sequence[str]
    purposes: Sequence[str]


@once_in(READ_EVERY_SECONDS)
def everything() -> Seen:
    """Return what was seen up to READ_EVERY_SECONDS ago."""
    messages = select(Message.country).order_by(Message.created_at.desc()).limit(NEWEST).subquery()
    codes = select(Verification.purpose).order_by(Verification.expires_at.desc()).limit(NEWEST).subquery()
    countries = union(select(TrafficHour.country), select(messages.c.country))
    purposes = union(select(TrafficHour.purpose), select(codes.c.purpose))
    with db.engine.connect() as connection:
        found = [sorted(filter(None, connection.scalars(names))) for names in (countries, purposes)]
    return Seen(*found)

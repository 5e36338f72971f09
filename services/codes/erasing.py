"""Erase the sealed codes of verifications that have expired."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Engine, select, update

from models.verification import Verification

ERASE_AGAIN = timedelta(hours=1)
"""What expired so long before the last look is looked at again: workers' clocks differ."""
verifications = Verification.__table__


def ended_codes(now: datetime, looked_at: datetime | None) -> list[ColumnElement[bool]]:
    """Tell of verifications that they have expired and still have their sealed code.

    `looked_at`: when this process looked last. The first look finds what is left from any time, and reads what is kept
    of it; the others read little.
    """
    ended = [verifications.c.expires_at <= now, verifications.c.sealed_code.is_not(None)]
    return ended if looked_at is None else [verifications.c.expires_at > looked_at - ERASE_AGAIN, *ended]


def erase_ended_codes(engine: Engine, now: datetime, looked_at: datetime | None = None) -> None:
    """Erase the sealed codes of expired verifications; approving and canceling erase theirs at once."""
    ended = ended_codes(now, looked_at)
    with engine.begin() as connection:
        if connection.execute(select(verifications.c.id).where(*ended).limit(1)).first():
            connection.execute(update(verifications).where(*ended).values(sealed_code=None))

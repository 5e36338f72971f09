"""Leases: rights that one process holds at a time, each kept as a row."""

from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, insert, or_, update
from sqlalchemy.exc import IntegrityError

from models.schedule import Lease

leases = Lease.__table__


def hold(engine: Engine, name: str, holder: str, length: timedelta, now: datetime) -> bool:
    """Take or renew a lease until `now + length`; return False while somebody else holds it.

    Each machine compares the expiry with its own clock, so clocks must differ by less than `length`.
    """
    ours_or_over = or_(leases.c.holder == holder, leases.c.expires_at <= now)
    until = {"holder": holder, "expires_at": now + length}
    renewal = update(leases).where(leases.c.name == name, ours_or_over).values(**until)
    with engine.begin() as connection:
        if connection.execute(renewal).rowcount:
            return True
        if connection.execute(leases.select().where(leases.c.name == name)).first() is not None:
            return False
    try:
        with engine.begin() as connection:
            connection.execute(insert(leases).values(name=name, **until))
    except IntegrityError:
        return False  # another process was faster
    return True


def release(engine: Engine, name: str, holder: str) -> None:
    """Give a lease back, so that the next holder need not wait for its end."""
    with engine.begin() as connection:
        connection.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))

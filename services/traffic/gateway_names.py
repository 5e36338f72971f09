"""The gateways that messages went through, also those that are no longer in the file."""

from sqlalchemy import select, union

from exts import db
from models import Message
from models.traffic import TrafficHour
from services.process.freshness import once_in
from services.roster.roster import current

READ_EVERY_SECONDS = 30.0
NEWEST = 20_000
"""Messages looked through for gateways that no roll-up has counted yet: some 20 ms."""


def everything() -> list[str]:
    """Return the gateways of the file in its order, then the others by name."""
    known = [gateway.name for gateway in current()]
    return known + sorted(_seen() - set(known))


@once_in(READ_EVERY_SECONDS)
def _seen() -> set[str]:
    newest = select(Message.gateway).order_by(Message.created_at.desc()).limit(NEWEST).subquery()
    names = union(select(TrafficHour.gateway), select(newest.c.gateway))
    with db.engine.connect() as connection:
        return {name for name in connection.scalars(names) if name}

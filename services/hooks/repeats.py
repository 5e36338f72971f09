"""Recognize what a hook has taken already: a row with a unique key, written in the transaction of the message."""

from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.keyring import Keyring
from models import HookDelivery
from services.process.parts import part
from services.storage.transactions import LostRace, change

TAKEN = "taken"
_table = HookDelivery.__table__


def key_of(*parts: str) -> str:
    """Return the key of a delivery: a keyed hash, because a code in it could be guessed from a plain one."""
    return part(Keyring).hash("hook|" + "|".join(f"{len(one)}:{one}" for one in parts)).hex()


def is_new(session: Session, key: str, now: datetime, until: datetime, state: str = TAKEN) -> bool:
    """Tell whether this state of the key has not been taken, and note it; the caller commits what it sends with it.

    Raises LostRace where another post of the same thing was faster: then the caller looks again.
    """
    found = session.execute(select(_table.c.state, _table.c.until).where(_table.c.key == key)).one_or_none()
    if found is None:
        try:
            session.execute(insert(_table).values(key=key, state=state, until=until))
        except IntegrityError as error:
            raise LostRace from error
        return True
    is_known = found.state == state and found.until > now
    if is_known and state == TAKEN:
        return False
    seen = (_table.c.key == key, _table.c.state == found.state, _table.c.until == found.until)
    if change(session, update(_table).where(*seen).values(state=state, until=until)) != 1:
        raise LostRace
    return not is_known

"""Codes of authenticator apps: each one is accepted once, by whichever of several parallel sign-ins comes first."""

import logging

from sqlalchemy import update
from sqlalchemy.orm import Session

from domain import totp
from domain.keyring import Keyring, Unreadable
from models import Authenticator, clock
from services.process.parts import part
from services.storage.transactions import change

log = logging.getLogger(__name__)


def use(session: Session, administrator_id: int, code: str) -> bool:
    """Use up a valid code of six digits and every older one; the caller commits.

    A secret sealed with an older key is sealed again with the newest one.
    """
    row = session.get(Authenticator, administrator_id, populate_existing=True)
    if row is None or row.sealed is None:
        return False
    secret = opened(row.sealed, administrator_id)
    step = totp.step_of(secret, code, clock.now()) if secret else None
    if secret is None or step is None:
        return False
    is_newest = part(Keyring).is_newest(row.sealed)
    used = (
        update(Authenticator)
        .where(Authenticator.administrator_id == administrator_id)
        .where(Authenticator.sealed == row.sealed, Authenticator.last_step < step)
        .values(last_step=step, sealed=row.sealed if is_newest else sealed(secret, administrator_id))
    )
    return change(session, used) == 1


def sealed(secret: str, administrator_id: int) -> bytes:
    """Return a secret as its row keeps it."""
    return part(Keyring).seal(secret.encode(), row=_row(administrator_id))


def opened(kept: bytes, administrator_id: int) -> str | None:
    """Return the secret of a row, None where its key is no longer in CODE_PEPPER."""
    try:
        return part(Keyring).open(kept, row=_row(administrator_id)).decode()
    except Unreadable as error:
        log.error("the authenticator app of administrator %s can't be checked: %s", administrator_id, error)
        return None


def _row(administrator_id: int) -> str:
    return f"authenticator:{administrator_id}"

"""Ten one-time recovery codes, for when no code arrives."""

import hashlib
import secrets
from datetime import UTC, datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from domain.codes import bare
from exts import db
from models import RecoveryCode
from services.storage.transactions import change

COUNT = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # no look-alikes: they are typed from paper
_GROUPS, _GROUP_LENGTH = 4, 4
_LENGTH = _GROUPS * _GROUP_LENGTH


def make(session: Session, administrator_id: int) -> list[str]:
    """Replace an administrator's codes with new ones of 79 bits and return them; the caller commits."""
    change(session, delete(RecoveryCode).where(RecoveryCode.administrator_id == administrator_id))
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH)) for _ in range(COUNT)]
    now = datetime.now(UTC)
    session.add_all(
        RecoveryCode(administrator_id=administrator_id, code_hash=_hash(code), made_at=now) for code in codes
    )
    return [
        "-".join(code[at : at + _GROUP_LENGTH] for at in range(0, _LENGTH, _GROUP_LENGTH)) for code in codes
    ]


def use(session: Session, administrator_id: int, typed: str) -> bool:
    """Use up a valid code; only one of several parallel calls gets True. The caller commits."""
    code = "".join(character for character in bare(typed).lower() if character.isalnum())
    good = (
        RecoveryCode.administrator_id == administrator_id,
        RecoveryCode.code_hash == _hash(code),
        RecoveryCode.used_at.is_(None),
    )
    return change(session, update(RecoveryCode).where(*good).values(used_at=datetime.now(UTC))) == 1


def drop(session: Session, administrator_id: int) -> None:
    """Delete an administrator's codes; the caller commits."""
    change(session, delete(RecoveryCode).where(RecoveryCode.administrator_id == administrator_id))


def left(administrator_id: int) -> int:
    """Return how many codes an administrator can still use."""
    unused = (RecoveryCode.administrator_id == administrator_id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(select(func.count()).where(*unused)) or 0


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()

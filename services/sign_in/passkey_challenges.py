"""What a device has to sign: each challenge is good for one answer, right or wrong, within ten minutes."""

import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import PasskeyChallenge
from services.storage.transactions import LostRace, change, transaction

BYTES = 32
LIFE = timedelta(minutes=10)


def make(owner: str) -> bytes:
    """Replace the challenge of `owner`, a console session or a sign-in step, and return the new one."""
    made = secrets.token_bytes(BYTES)

    def work(session: Session) -> bytes:
        row = session.get(PasskeyChallenge, owner, populate_existing=True)
        if row is None:
            row = PasskeyChallenge(owner=owner)
            session.add(row)
        row.challenge, row.made_at = made, datetime.now(UTC)
        try:
            session.flush()
        except IntegrityError as error:
            raise LostRace from error
        return made

    return transaction(work)


def take(owner: str) -> bytes | None:
    """Use the challenge of `owner` up; None where there is none, it is too old, or a parallel call has taken it."""

    def work(session: Session) -> bytes | None:
        row = session.get(PasskeyChallenge, owner, populate_existing=True)
        if row is None:
            return None
        challenge, age = row.challenge, datetime.now(UTC) - row.made_at
        same = (PasskeyChallenge.owner == owner, PasskeyChallenge.challenge == challenge)
        has_won = change(session, delete(PasskeyChallenge).where(*same)) == 1
        return challenge if has_won and age <= LIFE else None

    return transaction(work)

"""Erase the codes of test numbers that have ended, and record each end in the audit."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from domain.actions import Action
from domain.destinations import mask
from models import TestNumber, clock
from services.audit import trail
from services.audit.trail import SERVICE
from services.storage.transactions import change

LOOK_EVERY = timedelta(minutes=1)


class EndWatch:
    """A duty of each worker. Nothing waits for it: whoever uses a test number compares its end with the clock."""

    def __init__(self, engine: Engine):
        self._engine = engine
        self._next = datetime.min.replace(tzinfo=UTC)

    def __call__(self) -> None:
        now = clock.now()
        if now < self._next:
            return
        self._next = now + LOOK_EVERY
        ended = (TestNumber.ends_at <= now, TestNumber.sealed_code.is_not(None))
        with self._engine.connect() as connection:
            rows = connection.execute(select(TestNumber.id, TestNumber.to).where(*ended)).all()
        for row in rows:
            with Session(self._engine) as session, session.begin():
                erase = update(TestNumber).where(TestNumber.id == row.id, *ended).values(sealed_code=None)
                if change(session, erase):  # else another worker was faster
                    trail.note(session, SERVICE, Action.TEST_NUMBER_ENDED, mask(row.to), subject_id=row.id)

"""What each worker does about fallbacks: look for steps that are due, and take them."""

import logging
from datetime import datetime

from flask import Flask
from sqlalchemy import Engine, bindparam, select
from sqlalchemy.exc import SQLAlchemyError

from domain.faults import place
from models.indexes import has_come
from models.verification_step import VerificationStep
from services.codes import next_steps

log = logging.getLogger(__name__)
_steps = VerificationStep.__table__
MOST = 200
"""Steps of one look; the next look finds the rest."""
_DUE = (
    select(_steps.c.verification_id)
    .where(has_come(_steps.c.due_at, bindparam("now", type_=_steps.c.due_at.type)))
    .order_by(_steps.c.due_at)
    .limit(MOST)
)


def due(engine: Engine, now: datetime) -> list[str]:
    """Return the verifications whose next step is due, at most `MOST`: one look into an index where there are none."""
    with engine.connect() as connection:
        return list(connection.scalars(_DUE, {"now": now}))


class DueSteps:
    """Takes the steps that are due, whichever worker finds them first."""

    def __init__(self, app: Flask, engine: Engine):
        self._app, self._engine = app, engine

    def __call__(self, now: datetime) -> None:
        verification_ids = due(self._engine, now)
        if not verification_ids:
            return
        with self._app.app_context():
            for verification_id in verification_ids:
                self._follow(verification_id)

    def _follow(self, verification_id: str) -> None:
        """Take one step; what fails is due again, and keeps no other step from being taken."""
        try:
            next_steps.follow(verification_id)
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001 - the lane must survive every error
            log.error("a step of verification %s failed: %s", verification_id, place(error))

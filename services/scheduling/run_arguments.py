"""Arguments of a run's task that stay in the schedule's row and do not pass through the broker."""

from typing import Any

from sqlalchemy import select

from domain.errors import FieldProblem, InvalidInput
from exts import db
from models.schedule import Schedule, ScheduleRun
from services.scheduling.schedule_views import arguments_of


def of(run_id: str) -> tuple[list[Any], dict[str, Any]]:
    """Return the positional and named arguments from a run's schedule, empty where the schedule is gone.

    Raises InvalidInput where they can't be read.
    """
    row = db.session.scalar(
        select(Schedule)
        .join(ScheduleRun, ScheduleRun.schedule_name == Schedule.name)
        .where(ScheduleRun.id == run_id)
    )
    given = arguments_of(row) if row is not None else ([], {})
    db.session.rollback()
    if given is None:
        raise InvalidInput(FieldProblem("arguments", "can't be read"))
    return given

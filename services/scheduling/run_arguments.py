"""What the task of a run is given, where the schedule's row keeps it and the broker does not carry it."""

from typing import Any

from sqlalchemy import select

from domain.errors import FieldProblem, InvalidInput
from exts import db
from models.schedule import Schedule, ScheduleRun
from services.scheduling.schedule_views import arguments_of


def of(run_id: str) -> tuple[list[Any], dict[str, Any]]:
    """Return what a run's schedule gives its task by position and by name, nothing where the schedule is gone.

    Raises InvalidInput where it can't be read.
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

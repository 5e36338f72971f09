"""What a task of ours takes, so that no schedule calls it with anything else."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from celery import Task

from domain.errors import FieldProblem


def misfit(task: Task, args: Sequence[Any], kwargs: Mapping[str, Any]) -> FieldProblem | None:
    """Return the problem with what a task takes, as in `(subject, recipients, body)`; None where it takes these."""
    takes = inspect.signature(task.run)
    try:
        takes.bind(*args, **kwargs)
    except TypeError:
        empty = inspect.Parameter.empty
        bare = [one.replace(annotation=empty) for one in takes.parameters.values()]
        names = takes.replace(parameters=bare, return_annotation=empty)
        return FieldProblem("arguments", f"must be what the task takes: {names}")
    return None

"""Which role a task needs before a schedule may run it: no schedule gives more power than the console does."""

from domain.errors import NotAllowed
from domain.roles import Role
from services.audit.trail import Actor

PURGE = "sendcode.purge"
REPORTS = ("sendcode.hourly_report", "sendcode.daily_report")
OPEN = frozenset({"sendcode.drain", "sendcode.roll_up", "sendcode.read_bounces", *REPORTS})
"""What an operator may schedule. Sending to anybody, deleting, and the tasks of other programs need an owner."""


def needed(task: str) -> Role:
    """Return the least role that may have a schedule run a task."""
    return Role.OPERATOR if task in OPEN else Role.OWNER


def ensure_may_run(by: Actor, *tasks: str) -> None:
    """Raise NotAllowed where somebody may not have one of these tasks run; the command line may."""
    for task in tasks:
        role = needed(task)
        if by.id is not None and not (by.role is not None and by.role.covers(role)):
            raise NotAllowed(role)

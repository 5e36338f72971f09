"""The start and the deadline of a notice, be it one message or a broadcast."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app

from domain.errors import FieldProblem, InvalidInput

LONGEST_WAIT = timedelta(days=30)
LONGEST_LIFE_SECONDS = 30 * 86_400


@dataclass(frozen=True, slots=True)
class Span:
    """The time span in which something may be sent."""

    starts_at: datetime
    deadline_at: datetime


def span(send_at: datetime | None, now: datetime) -> Span:
    """Return when to begin and when to give up; a `send_at` that has passed means now.

    Raises InvalidInput where it is more than 30 days ahead.
    """
    if send_at is not None and send_at > now + LONGEST_WAIT:
        raise InvalidInput(FieldProblem("send_at", f"must be at most {LONGEST_WAIT.days} days ahead"))
    starts_at = max(send_at or now, now)
    life = current_app.config["MESSAGE_DEADLINE_SECONDS"] or LONGEST_LIFE_SECONDS
    return Span(starts_at, starts_at + timedelta(seconds=life))

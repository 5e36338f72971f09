"""Test numbers: destinations whose code is always the same, and to which nothing is sent."""

from datetime import UTC, date, datetime, time, timedelta

from domain.errors import FieldProblem, InvalidInput
from domain.pinning import pin

MOST = 50
LONGEST = timedelta(days=366)
"""How far ahead the last day may be: a code that never changes must not outlive the memory of it."""
GATEWAY = "test"
"""What rows name as the gateway of a message that was not sent on purpose."""
NEVER_SENT = pin(GATEWAY)
"""The mark of a message to a test number, in place of the gateway that it is pinned to."""


def end_of(until: str, now: datetime) -> datetime:
    """Return the end, in UTC, of the last day of a test number; raises InvalidInput."""
    try:
        last = date.fromisoformat(until.strip())
    except ValueError:
        raise InvalidInput(FieldProblem("until", "must be a day, such as 2026-12-31")) from None
    if not now.date() <= last <= (now + LONGEST).date():
        raise InvalidInput(FieldProblem("until", "must be today or a later day, at most a year ahead"))
    return datetime.combine(last, time(), UTC) + timedelta(days=1)


def last_day(ends_at: datetime) -> date:
    """Return the last day of a test number that ends at this midnight."""
    return (ends_at - timedelta(days=1)).date()

"""When a failed hand-over is retried: exponential backoff."""

from datetime import datetime, timedelta

MAX_TRIES = 4
FIRST_WAIT_SECONDS = 3.0


def next_try_at(
    tries: int, *, now: datetime, deadline_at: datetime, retry_after: float | None = None
) -> datetime | None:
    """Return the time of the next try after `tries` failed ones (3, 6, 12 s later), None where there is none.

    `retry_after` is what the provider asks for in seconds; it is obeyed where it fits before the deadline, after which
    nothing is tried.
    """
    if tries >= MAX_TRIES:
        return None
    usual = FIRST_WAIT_SECONDS * 2 ** (tries - 1)
    for wait in (max(usual, retry_after or 0.0), usual):
        at = now + timedelta(seconds=wait)
        if at < deadline_at:
            return at
    return None

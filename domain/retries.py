"""When a failed hand-over is retried: exponential backoff until the deadline."""

from datetime import datetime, timedelta

FIRST_WAIT_SECONDS = 3.0
LONGEST_WAIT_SECONDS = 300.0
"""A mail server that greylists wants 300 s (postgrey's default); RFC 5321 4.5.4.1 advises to keep trying for days."""
LAST_TRY_SECONDS = 15.0
"""Where the usual wait reaches past the deadline, one last try begins this long before it: the time of one send."""
SHORTEST_HELD_SECONDS = 2.0
LONGEST_HELD_SECONDS = 60.0
LONGEST_HELD_CODE_SECONDS = 10.0
"""A person waits for a code: it looks more often whether its gateway is back."""


def next_try_at(
    tries: int, *, now: datetime, deadline_at: datetime, retry_after: float | None = None, most_tries: int = 0
) -> datetime | None:
    """Return the time of the next try after `tries` failed ones (3, 6, 12 … 300 s later), None where there is none.

    `retry_after` is what the provider asks for in seconds; it is obeyed where it fits before the deadline, after which
    nothing is tried. `most_tries`: 0 is no limit.
    """
    if most_tries and tries >= most_tries:
        return None
    usual = min(FIRST_WAIT_SECONDS * 2 ** min(tries - 1, 16), LONGEST_WAIT_SECONDS)
    for wait in (max(usual, retry_after or 0.0), usual):
        at = now + timedelta(seconds=wait)
        if at < deadline_at:
            return at
    last = deadline_at - timedelta(seconds=LAST_TRY_SECONDS)
    return last if last - now >= timedelta(seconds=FIRST_WAIT_SECONDS) else None


def held_seconds(held_for: float) -> float:
    """Return how long to leave a gateway alone that has been held back for so many seconds: a quarter of that."""
    return min(max(held_for / 4, SHORTEST_HELD_SECONDS), LONGEST_HELD_SECONDS)

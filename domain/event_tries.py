"""When an event is told again to an endpoint that did not take it."""

from datetime import datetime, timedelta

WAITS_SECONDS = (5, 300, 1800, 7200, 18_000, 36_000, 36_000)
"""After each failed try: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h; with the first, eight tries (Svix's schedule)."""
MOST_TRIES = len(WAITS_SECONDS) + 1
JITTER = 0.1
"""Each wait is up to a tenth longer, so that an endpoint that is back does not get everything at once."""
LONGEST_RETRY_AFTER_SECONDS = 86_400.0
PATIENCE = timedelta(days=5)
"""An endpoint with nothing but failures for this long is switched off."""
GONE = 410
SLOW_DOWN = (429, 503)


def next_try_at(
    tries: int, *, now: datetime, jitter: float = 0.0, retry_after: float | None = None
) -> datetime | None:
    """Return the time of the next try after `tries` failed ones, None where there is none.

    `jitter`: from 0 to 1. `retry_after`: what the endpoint asks for in seconds, never more than a day.
    """
    if not 1 <= tries <= len(WAITS_SECONDS):
        return None
    wait = WAITS_SECONDS[tries - 1] * (1 + JITTER * jitter)
    return now + timedelta(seconds=max(wait, min(retry_after or 0.0, LONGEST_RETRY_AFTER_SECONDS)))


def is_hopeless(failing_since: datetime | None, now: datetime) -> bool:
    """Tell whether an endpoint has failed for so long that it is switched off."""
    return failing_since is not None and now - failing_since >= PATIENCE

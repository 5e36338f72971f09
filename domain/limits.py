"""How often a thing may happen to one destination: sliding windows over the times it happened."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Window:
    """At most `count` events within `seconds`; a count of 0 means no limit."""

    name: str
    count: int
    seconds: int

    @property
    def counts(self) -> bool:
        """Tell whether the window is in force."""
        return self.count > 0 and self.seconds > 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """The limit that was hit, and the whole seconds until it has room again."""

    limit: str
    retry_after: int


def refuse(events: Sequence[datetime], windows: Sequence[Window], now: datetime) -> Refusal | None:
    """Return the refusal that lasts longest if one more event now would break a window, else None.

    A cool-down is a window of one event.
    """
    if not events:
        return None
    refusals = [refusal for window in windows if (refusal := _refuse_one(events, window, now))]
    return max(refusals, key=lambda refusal: refusal.retry_after, default=None)


def _refuse_one(events: Sequence[datetime], window: Window, now: datetime) -> Refusal | None:
    if not window.counts:
        return None
    since = now - timedelta(seconds=window.seconds)
    inside = sorted(event for event in events if event > since)
    if len(inside) < window.count:
        return None
    free_at = inside[-window.count] + timedelta(seconds=window.seconds)
    return Refusal(window.name, max(1, math.ceil((free_at - now).total_seconds())))


def remember(events: Sequence[datetime], windows: Sequence[Window], now: datetime) -> list[datetime]:
    """Return the events with `now` added, without those too many or too old for any window to count."""
    counting = [window for window in windows if window.counts]
    most = max((window.count for window in counting), default=0)
    longest = max((window.seconds for window in counting), default=0)
    since = now - timedelta(seconds=longest)
    kept = sorted(event for event in [*events, now] if event > since)
    return kept[-most:] if most else []

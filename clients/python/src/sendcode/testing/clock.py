"""The fake's clock: real time, and what a test adds to it."""

import time
from datetime import datetime, timedelta, timezone
from typing import Any


class Clock:
    """Tells the time, and moves when told to."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return datetime.now(timezone.utc) + self._ahead

    def monotonic(self) -> float:
        """Return the seconds that deadlines are counted in."""
        return time.monotonic() + self._ahead.total_seconds()

    def travel(self, seconds: float) -> None:
        """Go ahead."""
        self._ahead += timedelta(seconds=seconds)

    def sleep(self, seconds: float) -> None:
        """Go ahead instead of sleeping."""
        self.travel(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Go ahead instead of sleeping."""
        self.travel(seconds)


def text(moment: datetime | None) -> str | None:
    """Return a time as the service writes it."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z") if moment else None


def times(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record with its times as text."""
    return {name: text(value) if isinstance(value, datetime) else value for name, value in record.items()}

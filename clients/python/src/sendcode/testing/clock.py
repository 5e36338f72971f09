"""The fake's clock: real time, and what a test adds to it."""

from datetime import datetime, timedelta, timezone
from typing import Any


class Clock:
    """Tells the time, and moves when told to."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return datetime.now(timezone.utc) + self._ahead

    def travel(self, seconds: float) -> None:
        """Go ahead."""
        self._ahead += timedelta(seconds=seconds)

    def sleep(self, seconds: float) -> None:
        """Sleep no time at all."""

    async def sleep_async(self, seconds: float) -> None:
        """Sleep no time at all."""


def text(moment: datetime | None) -> str | None:
    """Return a time as the service writes it."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z") if moment else None


def times(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record with its times as text."""
    return {name: text(value) if isinstance(value, datetime) else value for name, value in record.items()}

"""Days and minutes in the address of a page, in the reader's time zone."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from cms.frame import times

MINUTE = "%Y-%m-%dT%H:%M"


def since_and_until(args: Mapping[str, str]) -> tuple[datetime | None, datetime | None]:
    """Return the beginning, and the end of the last day or minute, in the reader's time zone."""
    since, until = args.get("since"), args.get("until")
    end = moment(until)
    if end is not None:
        is_day = day(until) is not None
        end = _local(end.date() + timedelta(days=1)) if is_day else end + timedelta(minutes=1)
    return _in_utc(moment(since)), _in_utc(end)


def day(text: str | None) -> date | None:
    """Return a day; None for any other text."""
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if date(2000, 1, 1) <= found <= date(2200, 1, 1) else None


def moment(text: str | None) -> datetime | None:
    """Return the beginning of a day or minute, in the reader's time zone; None for any other text."""
    found = day(text)
    if found is not None:
        return _local(found)
    try:
        minute = datetime.strptime(text or "", MINUTE).replace(tzinfo=times.zone())
    except ValueError:
        return None
    return minute if date(2000, 1, 1) <= minute.date() <= date(2200, 1, 1) else None


def _local(found: date) -> datetime:
    return datetime.combine(found, time.min, times.zone())


def _in_utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(UTC)

"""Daily statistics of a key's messages and codes by outcome."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from models.traffic import NONE
from services.figures import traffic
from services.figures.tallies import Tally

MOST_DAYS = 90


@dataclass(frozen=True, slots=True)
class Group:
    """One day (UTC), channel and gateway; `gateway` is None where none has been asked."""

    day: date
    channel: str
    gateway: str | None


@dataclass(frozen=True, slots=True)
class Statistics:
    """The tallies of some days, oldest first, and their sum; groups without any traffic are left out."""

    since: datetime
    until: datetime
    total: Tally
    groups: list[tuple[Group, Tally]]


def of_owner(owner: str, days: int, now: datetime | None = None) -> Statistics:
    """Return the statistics of `owner` for the last `days` days (UTC), including today."""
    until = now or datetime.now(UTC)
    midnight = until.replace(hour=0, minute=0, second=0, microsecond=0)
    since = midnight - timedelta(days=days - 1)
    found = traffic.look(
        since, lambda counts: counts.by("hour", "channel", "gateway", owner=owner), owner=owner
    )
    tallies: defaultdict[Group, Tally] = defaultdict(Tally)
    for (hour, channel, gateway), tally in found.items():
        group = Group(hour.date(), channel, None if gateway == NONE else gateway)
        tallies[group] += tally
    groups = sorted(tallies.items(), key=lambda one: (one[0].day, one[0].channel, one[0].gateway or ""))
    return Statistics(since, until, sum((tally for _, tally in groups), Tally()), groups)

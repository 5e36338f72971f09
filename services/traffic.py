"""What the hours since some time came to: from roll-ups, and from the rows of hours that are in none, as one."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, func, select

from domain.statuses import MessageStatus
from exts import db
from models.traffic import DeliveryHour, OwnerHour, TrafficHour
from services import rollups, traffic_counts
from services.tallies import Tally
from services.traffic_counts import Counted, TimesKey
from services.traffic_rows import COUNTS

T = TypeVar("T")
LOOKS = 3
STATUSES = tuple(MessageStatus)

deliveries = DeliveryHour.__table__


@dataclass(frozen=True, slots=True)
class Traffic:
    """The counts of all hours since one; `equal` in its methods chooses among them, as in `channel="sms"`."""

    connection: Connection
    since: datetime
    live: Counted

    def by(self, *names: str, **equal: str) -> dict[tuple[Any, ...], Tally]:
        """Return the tallies of what is alike in these columns of `TrafficHour` or `OwnerHour`."""
        table = _smallest_with({*names, *equal})
        columns = [table.c[name] for name in names]
        sums = (func.sum(table.c[name]) for name in COUNTS)
        chosen = [table.c[name] == value for name, value in equal.items()]
        kept = select(*columns, *sums).where(table.c.hour >= self.since, *chosen).group_by(*columns)
        counts = {
            tuple(row[: len(names)]): list(map(int, row[len(names) :]))  # MariaDB sums to decimals
            for row in self.connection.execute(kept).all()
        }
        for key, found in self.live.traffic.items():
            if all(getattr(key, name) == value for name, value in equal.items()):
                total = counts.setdefault(tuple(getattr(key, name) for name in names), [0] * len(COUNTS))
                for place, name in enumerate(COUNTS):
                    total[place] += found[name]
        return {key: _tally(found) for key, found in counts.items() if any(found)}

    def times(self, **equal: str) -> dict[TimesKey, Counter[int]]:
        """Return how many codes took how long to deliver, by hour, channel and gateway."""
        chosen = [deliveries.c[name] == value for name, value in equal.items()]
        found: defaultdict[TimesKey, Counter[int]] = defaultdict(Counter)
        of_keys = [deliveries.c[name] for name in TimesKey._fields]
        for *key, times in self.connection.execute(
            select(*of_keys, deliveries.c.times).where(deliveries.c.hour >= self.since, *chosen)
        ).all():
            steps = found[TimesKey(*key)]
            for step, number in times.items():
                steps[int(step)] += number
        for live_key, live in self.live.times.items():
            if all(getattr(live_key, name) == value for name, value in equal.items()):
                found[live_key].update(live)
        return dict(found)


def _smallest_with(names: set[str]) -> Table:
    """Return the table with the fewest rows that has these columns: every hour has fewer owners than purposes."""
    return next(
        model.__table__ for model in (OwnerHour, TrafficHour) if names <= set(model.__table__.c.keys())
    )


def look(since: datetime, work: Callable[[Traffic], T], *, owner: str | None = None) -> T:
    """Return what `work` makes of all counts since the beginning of an hour, or of those of one owner.

    Where hours were rolled up or purged in the meantime, it looks again: they would be missing or count twice.
    """
    with db.engine.connect() as connection:
        for _ in range(LOOKS):
            spans = rollups.uncounted(connection, since)
            found = work(Traffic(connection, since, _live(connection, spans, owner)))
            if spans == rollups.uncounted(connection, since):
                break
    return found


def _live(
    connection: Connection, spans: list[tuple[datetime, datetime | None]], owner: str | None
) -> Counted:
    live = Counted()
    for begin, end in spans:
        found = traffic_counts.of_span(connection, begin, end, owner)
        live.traffic.update(found.traffic)
        live.times.update(found.times)
    return live


def _tally(counts: list[int]) -> Tally:
    *by_status, issued, approved = counts
    messages = {status: count for status, count in zip(STATUSES, by_status, strict=True) if count}
    return Tally(messages, issued, approved)

"""The rows that keep what an hour came to, as counts and back."""

from collections import Counter
from datetime import datetime

from sqlalchemy import ColumnElement, FromClause, delete, insert, select

from domain.statuses import MessageStatus
from models.traffic import DeliveryHour, TrafficHour
from services.traffic_counts import Counted, Key, TimesKey
from services.transactions import Writer, change

COUNTS = (*(status.value for status in MessageStatus), "issued", "approved")
"""The columns of `TrafficHour` that count something."""

traffic = TrafficHour.__table__
deliveries = DeliveryHour.__table__


def kept(writer: Writer, hour: datetime, *, is_purged: bool = False) -> Counted:
    """Return what is kept of an hour: of its rows, or of those that were purged."""
    found = Counted()
    for row in writer.execute(select(traffic).where(*_of(traffic, hour, is_purged))).mappings():
        counts = Counter({name: row[name] for name in COUNTS if row[name]})
        found.traffic[Key(**{name: row[name] for name in Key._fields})] = counts
    for row in writer.execute(select(deliveries).where(*_of(deliveries, hour, is_purged))).mappings():
        times = Counter({int(step): number for step, number in row["times"].items()})
        found.times[TimesKey(**{name: row[name] for name in TimesKey._fields})] = times
    return found


def replace(writer: Writer, hour: datetime, counted: Counted, *, is_purged: bool = False) -> None:
    """Keep these counts of an hour instead of those that are kept; the caller commits."""
    for table in (traffic, deliveries):
        change(writer, delete(table).where(*_of(table, hour, is_purged)))
    nothing = dict.fromkeys(COUNTS, 0)
    counts = [
        {**nothing, **key._asdict(), **found, "is_purged": is_purged}
        for key, found in counted.traffic.items()
        if key.hour == hour
    ]
    times = [
        {**key._asdict(), "times": {str(step): found[step] for step in sorted(found)}, "is_purged": is_purged}
        for key, found in counted.times.items()
        if key.hour == hour
    ]
    for table, rows in ((traffic, counts), (deliveries, times)):
        if rows:
            writer.execute(insert(table), rows)


def add(writer: Writer, hour: datetime, counted: Counted) -> None:
    """Add to what is kept of the purged rows of an hour; the caller commits."""
    total = kept(writer, hour, is_purged=True)
    for key, counts in counted.traffic.items():
        if key.hour == hour:
            total.traffic[key].update(counts)
    for times_key, times in counted.times.items():
        if times_key.hour == hour:
            total.times[times_key].update(times)
    replace(writer, hour, total, is_purged=True)


def _of(table: FromClause, hour: datetime, is_purged: bool) -> tuple[ColumnElement[bool], ...]:
    return table.c.hour == hour, table.c.is_purged.is_(is_purged)

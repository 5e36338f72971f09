"""The rows that hold the counts of an hour: write them, read them, add to them."""

from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, delete, insert, select

from domain.statuses import MessageStatus
from models.traffic import DeliveryHour, OwnerHour, TrafficHour
from services.figures.traffic_counts import Counted
from services.storage.transactions import Writer, change

COUNTS = (*(status.value for status in MessageStatus), "issued", "approved")
"""The columns that hold counts."""
KEYS: dict[type[Any], tuple[str, ...]] = {
    TrafficHour: ("channel", "gateway", "country", "purpose"),
    OwnerHour: ("owner", "channel", "gateway"),
    DeliveryHour: ("channel", "gateway"),
}
"""The key columns of each table, besides the hour."""

Rows = dict[type[Any], dict[tuple[str, ...], Counter[Any]]]
"""By table and key: the counts by column, or in `DeliveryHour` by step."""


def rows_of(counted: Counted, hour: datetime) -> Rows:
    """Return the rows for the counts of an hour."""
    rows: Rows = {model: defaultdict(Counter) for model in KEYS}
    for model in (TrafficHour, OwnerHour):
        for key, counts in counted.traffic.items():
            if key.hour == hour:
                rows[model][tuple(getattr(key, name) for name in KEYS[model])].update(counts)
    for times_key, times in counted.times.items():
        if times_key.hour == hour:
            rows[DeliveryHour][times_key.channel, times_key.gateway].update(times)
    return rows


def kept(writer: Writer, hour: datetime, *, is_purged: bool = False) -> Rows:
    """Return the stored counts of an hour, either of its present messages or of purged ones."""
    found: Rows = {}
    for model, names in KEYS.items():
        table = model.__table__
        found[model] = {
            tuple(row[name] for name in names): _counts(row)
            for row in writer.execute(select(table).where(*_of(table, hour, is_purged))).mappings()
        }
    return found


def replace(writer: Writer, hour: datetime, rows: Rows, *, is_purged: bool = False) -> None:
    """Replace the stored rows of an hour; the caller commits."""
    for model in KEYS:
        change(writer, delete(model).where(*_of(model.__table__, hour, is_purged)))
    write(writer, hour, rows, is_purged=is_purged)


def write(writer: Writer, hour: datetime, rows: Rows, *, is_purged: bool = False) -> None:
    """Insert the rows of an hour that has none yet; the caller commits."""
    for model, names in KEYS.items():
        values = [
            {
                "hour": hour,
                "is_purged": is_purged,
                **dict(zip(names, key, strict=True)),
                **_values(model, counts),
            }
            for key, counts in rows.get(model, {}).items()
        ]
        if values:
            writer.execute(insert(model.__table__), values)


def add(writer: Writer, hour: datetime, rows: Rows) -> None:
    """Add to the stored counts of an hour's purged messages; the caller commits."""
    total = kept(writer, hour, is_purged=True)
    for model, found in rows.items():
        for key, counts in found.items():
            total[model].setdefault(key, Counter()).update(counts)
    replace(writer, hour, total, is_purged=True)


def _counts(row: Any) -> Counter[Any]:
    if "times" in row:
        return Counter({int(step): number for step, number in row["times"].items()})
    return Counter({name: row[name] for name in COUNTS if row[name]})


def _values(model: type[Any], counts: Counter[Any]) -> dict[str, Any]:
    if model is DeliveryHour:
        return {"times": {str(step): counts[step] for step in sorted(counts)}}
    return {name: counts[name] for name in COUNTS}


def _of(table: FromClause, hour: datetime, is_purged: bool) -> tuple[ColumnElement[bool], ...]:
    return table.c.hour == hour, table.c.is_purged.is_(is_purged)

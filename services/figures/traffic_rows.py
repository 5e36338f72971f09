"""The rows that hold the counts of an hour: write them, read them, add to them."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib import import_module
from operator import attrgetter, itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Executable, FromClause, Table, delete, insert, select
from sqlalchemy.orm import Session

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
_KEY = {model: attrgetter(*names) for model, names in KEYS.items()}

Rows = dict[type[Any], dict[tuple[str, ...], Counter[Any]]]
"""By table and key: the counts by column, or in `DeliveryHour` by step."""


def rows_of(counted: Counted, hour: datetime) -> Rows:
    """Return the rows for the counts of an hour."""
    return by_hour(counted)[hour]


def by_hour(counted: Counted) -> defaultdict[datetime, Rows]:
    """Return the rows of every hour that was counted; an hour without any has empty ones."""
    found: defaultdict[datetime, Rows] = defaultdict(lambda: {model: defaultdict(Counter) for model in KEYS})
    for key, counts in counted.traffic.items():
        rows = found[key.hour]
        for model in (TrafficHour, OwnerHour):
            rows[model][_KEY[model](key)].update(counts)
    for times_key, times in counted.times.items():
        found[times_key.hour][DeliveryHour][_KEY[DeliveryHour](times_key)].update(times)
    return found


def kept(writer: Writer, hour: datetime) -> Rows:
    """Return the stored counts of an hour's present messages."""
    found: Rows = {}
    for model, names in KEYS.items():
        table = model.__table__
        stored = writer.execute(select(table).where(*_of(table, [hour], is_purged=False))).mappings()
        found[model] = {tuple(row[name] for name in names): _counts(row) for row in stored}
    return found


def replace(writer: Writer, hour: datetime, rows: Rows) -> None:
    """Replace the stored counts of an hour's present messages; the caller commits."""
    clear(writer, [hour])
    write(writer, {hour: rows})


def clear(writer: Writer, hours: Sequence[datetime]) -> None:
    """Delete the stored counts of hours' present messages; the caller commits."""
    for model in KEYS:
        change(writer, delete(model.__table__).where(*_of(model.__table__, hours, is_purged=False)))


def write(writer: Writer, rows: Mapping[datetime, Rows]) -> None:
    """Insert the rows of hours that have none yet; the caller commits."""
    for model, names in KEYS.items():
        values = [
            {
                "hour": hour,
                "is_purged": False,
                **dict(zip(names, key, strict=True)),
                **_values(model, counts),
            }
            for hour, found in rows.items()
            for key, counts in found.get(model, {}).items()
        ]
        if values:
            writer.execute(insert(model.__table__), values)


def add(session: Session, rows: Mapping[datetime, Rows]) -> None:
    """Add to the stored counts of purged messages by hour; the caller commits.

    Only the rows of these keys are written: an hour may have hundreds, and a purge comes to it block by block.
    """
    for model, names in KEYS.items():
        found = {
            (hour, *key): counts
            for hour, models in rows.items()
            for key, counts in models.get(model, {}).items()
        }
        if not found:
            continue
        if model is DeliveryHour:
            for key, counts in _kept_times(session, sorted(rows)).items():
                if key in found:
                    found[key] = found[key] + counts
        values = [
            {"is_purged": True, **dict(zip(("hour", *names), key, strict=True)), **_values(model, counts)}
            for key, counts in sorted(found.items(), key=itemgetter(0))
        ]
        session.execute(_adding(model.__table__, session.get_bind().dialect.name), values)


@cache
def _adding(table: Table, dialect: str) -> Executable:
    """Return the statement that adds to a row of counts, or makes it; of a row of times it replaces them."""
    family = "mysql" if dialect == "mariadb" else dialect
    # the one in use is loaded already; importing all three would lengthen the start of every process
    new = import_module(f"sqlalchemy.dialects.{family}").insert(table)
    adding: Executable
    if family == "mysql":
        adding = new.on_duplicate_key_update(_sums(table, new.inserted))
    else:
        key = list(table.primary_key)
        adding = new.on_conflict_do_update(index_elements=key, set_=_sums(table, new.excluded))
    return adding


def _sums(table: Table, new: Any) -> dict[str, Any]:
    if "times" in table.c:
        return {"times": new.times}
    return {name: table.c[name] + new[name] for name in COUNTS}


def _kept_times(writer: Writer, hours: Sequence[datetime]) -> dict[tuple[Any, ...], Counter[Any]]:
    table = DeliveryHour.__table__
    found = writer.execute(select(table).where(*_of(table, hours, is_purged=True))).mappings()
    names = ("hour", *KEYS[DeliveryHour])
    return {tuple(row[name] for name in names): _counts(row) for row in found}


def _counts(row: Any) -> Counter[Any]:
    if "times" in row:
        return Counter({int(step): number for step, number in row["times"].items()})
    return Counter({name: row[name] for name in COUNTS if row[name]})


def _values(model: type[Any], counts: Counter[Any]) -> dict[str, Any]:
    if model is DeliveryHour:
        return {"times": {str(step): counts[step] for step in sorted(counts)}}
    return {name: counts[name] for name in COUNTS}


def _of(table: FromClause, hours: Sequence[datetime], *, is_purged: bool) -> tuple[ColumnElement[bool], ...]:
    return table.c.hour.in_(hours), table.c.is_purged.is_(is_purged)

"""Limits per destination, counted in SQL: they hold while Redis is down, in the caller's own transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from domain.destinations import Destination, mask
from domain.errors import LimitExceeded
from domain.limits import Window, refuse, remember
from domain.owners import LIVE, Owner
from models.limit_window import LimitWindow, pack, unpack
from services.storage.prepared import Prepared
from services.storage.transactions import LostRace, Writer, statements

DAY = 86_400
COOLDOWN = "resend_cooldown"
SHORT_WINDOW = "window|"
"""How the keys of windows of minutes begin, which Redis counts while it can."""
_table = LimitWindow.__table__
_FIND = Prepared(select(_table.c.version, _table.c.events).where(_table.c.key == bindparam("wanted")))
_FIRST = Prepared(insert(_table))
_NEXT = Prepared(
    update(_table)
    .where(_table.c.key == bindparam("wanted"), _table.c.version == bindparam("seen"))
    .values(
        version=bindparam("new_version"),
        events=bindparam("new_events"),
        touched_at=bindparam("new_touched_at"),
    )
)


@dataclass(frozen=True, slots=True)
class Counted:
    """The events of one key as they were read, and the windows that count them."""

    key: str
    windows: Sequence[Window]
    version: int = 0
    events: Sequence[datetime] = ()


def sends_key(destination: Destination, owner: Owner) -> str:
    """Return the key that all sends of one ledger to one destination share, however it was typed."""
    return f"send|{_ledger(owner)}{destination.channel}|{destination.limit_key}"


def failures_key(owner: Owner, channel: str, canonical: str, purpose: str) -> str:
    """Return the key that all wrong codes of one ledger for one destination and purpose share."""
    return f"fail|{_ledger(owner)}{channel}|{purpose}|{canonical}"


def window_key(name: str, subject: str, owner: Owner) -> str:
    """Return the key of a window that Redis counts, for while it is away."""
    return f"{SHORT_WINDOW}{name}|{_ledger(owner)}{subject}"


def _ledger(owner: Owner) -> str:
    return "" if owner.ledger == LIVE else f"{owner.ledger}|"


def send_windows(settings: Mapping[str, Any], *, has_cooldown: bool = True) -> list[Window]:
    """Return the windows of sends to one destination."""
    return [
        Window(COOLDOWN, 1 if has_cooldown else 0, settings["RESEND_COOLDOWN_SECONDS"]),
        Window("destination_sends_per_10_minutes", settings["DESTINATION_SENDS_PER_10_MINUTES"], 600),
        Window("destination_sends_per_day", settings["DESTINATION_SENDS_PER_DAY"], DAY),
    ]


def failure_windows(settings: Mapping[str, Any]) -> list[Window]:
    """Return the window of wrong codes for one destination and purpose."""
    return [Window("destination_failures_per_day", settings["DESTINATION_FAILURES_PER_DAY"], DAY)]


def look(writer: Writer, key: str, windows: Sequence[Window]) -> Counted:
    """Return what was counted for `key` until now; nothing is read where all windows are switched off."""
    counting = [window for window in windows if window.counts]
    found = _FIND.run(writer, [{"wanted": key}]).one_or_none() if counting else None
    return Counted(key, counting, found.version, unpack(found.events)) if found else Counted(key, counting)


def ensure_room(
    counted: Counted, now: datetime, error: type[LimitExceeded] = LimitExceeded, *, who: str | None = None
) -> None:
    """Raise `error` where one more event now would break a window; it names `who`, else the masked destination."""
    refusal = refuse(counted.events, counted.windows, now)
    if refusal:
        masked = mask(counted.key.rpartition("|")[2]) if who is None else who
        raise error(refusal.limit, refusal.retry_after, who=masked)


def count(writer: Writer, counted: Counted, now: datetime) -> None:
    """Add one event; raises LostRace where another caller counted since `counted` was read."""
    if counted.windows:
        _write(writer, counted, remember(counted.events, counted.windows, now), now)


def take_back(key: str, windows: Sequence[Window], event: datetime) -> None:
    """Remove one event that was counted in advance, in a separate transaction."""

    def work(connection: Connection) -> None:
        counted = look(connection, key, windows)
        milliseconds = pack([event])
        kept = [kept for kept in counted.events if pack([kept]) != milliseconds]
        missing = len(counted.events) - len(kept) - 1
        if counted.events:
            _write(connection, counted, kept + [event] * max(0, missing), event)

    statements(work)


def _write(writer: Writer, counted: Counted, events: list[datetime], now: datetime) -> None:
    values = {"version": counted.version + 1, "events": pack(events), "touched_at": now}
    if counted.version > 0:
        new = {f"new_{name}": value for name, value in values.items()}
        if _NEXT.run(writer, [{"wanted": counted.key, "seen": counted.version, **new}]).rowcount != 1:
            raise LostRace
        return
    try:
        _FIRST.run(writer, [{"key": counted.key, **values}])
    except IntegrityError as error:
        raise LostRace from error

"""Limits of one destination, counted in SQL: they hold with Redis dead and in the sender's own transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.destinations import Destination
from domain.errors import LimitExceeded
from domain.limits import Window, refuse, remember
from models.limit_window import LimitWindow, pack, unpack
from services.transactions import LostRace, change, transaction

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Counted:
    """The events of one key as they were read."""

    key: str
    version: int
    events: list[datetime]


def sends_key(destination: Destination) -> str:
    """Return the key that all sends to one destination share, however it was typed."""
    return f"send|{destination.channel}|{destination.limit_key}"


def failures_key(channel: str, canonical: str, purpose: str) -> str:
    """Return the key that all wrong codes for one destination and purpose share."""
    return f"fail|{channel}|{purpose}|{canonical}"


def send_windows(settings: Mapping[str, Any]) -> list[Window]:
    """Return the windows of sends to one destination."""
    return [
        Window("resend_cooldown", 1, settings["RESEND_COOLDOWN_SECONDS"]),
        Window("destination_sends_per_10_minutes", settings["DESTINATION_SENDS_PER_10_MINUTES"], 600),
        Window("destination_sends_per_day", settings["DESTINATION_SENDS_PER_DAY"], DAY),
    ]


def failure_windows(settings: Mapping[str, Any]) -> list[Window]:
    """Return the window of wrong codes for one destination and purpose."""
    return [Window("destination_failures_per_day", settings["DESTINATION_FAILURES_PER_DAY"], DAY)]


def look(session: Session, key: str) -> Counted:
    """Return what was counted for `key` until now."""
    found = session.execute(
        select(LimitWindow.version, LimitWindow.events).where(LimitWindow.key == key)
    ).one_or_none()
    return Counted(key, found.version, unpack(found.events)) if found else Counted(key, 0, [])


def ensure_room(
    counted: Counted, windows: Sequence[Window], now: datetime, error: type[LimitExceeded] = LimitExceeded
) -> None:
    """Raise `error` where one more event now would break a window."""
    refusal = refuse(counted.events, windows, now)
    if refusal:
        raise error(refusal.limit, refusal.retry_after)


def count(session: Session, counted: Counted, windows: Sequence[Window], now: datetime) -> None:
    """Add one event; raises LostRace where somebody else counted since `counted` was read."""
    _write(session, counted, remember(counted.events, windows, now), now)


def take_back(key: str, event: datetime) -> None:
    """Remove one event that was counted in advance, in a transaction of its own."""

    def work(session: Session) -> None:
        counted = look(session, key)
        milliseconds = pack([event])
        kept = [kept for kept in counted.events if pack([kept]) != milliseconds]
        missing = len(counted.events) - len(kept) - 1
        _write(session, counted, kept + [event] * max(0, missing), event)

    transaction(work)


def _write(session: Session, counted: Counted, events: list[datetime], now: datetime) -> None:
    values = {"version": counted.version + 1, "events": pack(events), "touched_at": now}
    if counted.version == 0:
        try:
            session.execute(insert(LimitWindow).values(key=counted.key, **values))
        except IntegrityError as error:
            raise LostRace from error
        return
    changed = change(
        session,
        update(LimitWindow)
        .where(LimitWindow.key == counted.key, LimitWindow.version == counted.version)
        .values(**values),
    )
    if changed != 1:
        raise LostRace

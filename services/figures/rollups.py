"""Roll-ups: what hours came to, counted once in a while, so that nobody has to read a million rows to draw a page.

An hour is in one of two states. It is rolled up (`RolledHour.is_current`), and its counts stand in `TrafficHour`; or it
is not, and its rows are counted when somebody asks. What the purge takes away is added to counts of its own in the
transaction that deletes it. So the sum of kept counts and live ones is right at any moment, but for what changed since.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from exts import db
from models.message import Message
from models.traffic import RolledHour, TrafficHour
from services.figures import traffic_counts
from services.figures.traffic_counts import HOUR, LONGEST_CODE_LIFE, Counted, hour_of
from services.figures.traffic_memory import State
from services.figures.traffic_rows import KEYS, add, kept, replace, rows_of, write
from services.process.progress import Tell, silently
from services.storage.transactions import LostRace, change, statements

log = logging.getLogger(__name__)
QUIET = LONGEST_CODE_LIFE + timedelta(minutes=5)
"""So long after its end an hour is rolled up first: its codes are used or dead, and late commits are in."""
LOOKS = 3
T = TypeVar("T")
STILL_CHANGING = timedelta(hours=72)
"""Carriers try so long to deliver an SMS and report it; younger hours are rolled up again each time."""

rolled = RolledHour.__table__
traffic = TrafficHour.__table__


def roll_up(now: datetime | None = None, *, tell: Tell = silently) -> int:
    """Roll up all hours that have ended and may have changed since they were; return how many really had.

    Each is a transaction of its own. What runs twice, or at once in two processes, counts nothing twice.
    """
    changed = 0
    for number, hour in enumerate(_hours(now or datetime.now(UTC)), 1):
        changed += roll_up_hour(hour)
        tell({"hours": number})
    if changed:
        log.info("rolled up %s hours", changed)
    return changed


def roll_up_hour(hour: datetime) -> bool:
    """Count an hour anew and keep the counts; tell whether they are others than those that were kept."""

    def work(connection: Connection) -> bool:
        last = connection.execute(select(rolled).where(rolled.c.hour == hour)).one_or_none()
        rows = rows_of(traffic_counts.of_span(connection, hour, hour + HOUR), hour)
        if last is not None and last.is_current and rows == kept(connection, hour):
            return False
        _take(connection, hour, None if last is None else last.version)
        if last is None:
            write(connection, hour, rows)
        else:
            replace(connection, hour, rows)
        return True

    return statements(work)


def state(reader: Connection | Session, since: datetime) -> State:
    """Return what is another one as soon as any roll-up since an hour was written or taken away."""
    sums = select(func.count(), func.coalesce(func.sum(rolled.c.version), 0)).where(rolled.c.hour >= since)
    count, versions = reader.execute(sums).one()
    return int(count), int(versions)


def steadily(reader: Connection | Session, since: datetime, work: Callable[[State], T]) -> T:
    """Return what `work` makes of the counts since an hour, given their state.

    Where hours were rolled up or purged in the meantime, it works again: they would be missing or count twice.
    """
    for _ in range(LOOKS):
        before = state(reader, since)
        found = work(before)
        if state(reader, since) == before:
            break
    return found


def uncounted(reader: Connection | Session, since: datetime) -> list[tuple[datetime, datetime | None]]:
    """Return the spans since an hour that are in no roll-up, oldest first; the last one has no end."""
    current = (rolled.c.hour >= since, rolled.c.is_current.is_(True))
    ends = select(func.count(), func.min(rolled.c.hour), func.max(rolled.c.hour)).where(*current)
    count, first, last = reader.execute(ends).one()
    if count and last - first == HOUR * (count - 1):  # as it nearly always is: no need to look at each
        hours = [first]
    else:
        hours = list(reader.scalars(select(rolled.c.hour).where(*current).order_by(rolled.c.hour)))
        last = hours[-1] if hours else None
    spans: list[tuple[datetime, datetime | None]] = []
    begin = since
    for hour in hours:
        if begin < hour:
            spans.append((begin, hour))
        begin = hour + HOUR
    return [*spans, (begin if last is None else last + HOUR, None)]


def keep_purged(session: Session, counted: Counted) -> None:
    """Add what the caller is about to delete to what is kept of purged rows; the caller commits both at once."""
    for hour in sorted(counted.hours):
        set_aside(session, hour)
        add(session, hour, rows_of(counted, hour))


def set_aside(session: Session, hour: datetime) -> None:
    """Let an hour be counted live until it is rolled up again, for rows of it are about to go.

    Raises LostRace where somebody rolls it up for the first time right now.
    """
    stale = {"version": rolled.c.version + 1, "is_current": False}
    if not change(session, update(rolled).where(rolled.c.hour == hour).values(**stale)):
        _insert(session, hour, is_current=False)
    replace(session, hour, {})


def delete_before(session: Session, before: datetime) -> int:
    """Delete the roll-ups of hours before a time; return how many hours; the caller commits."""
    for model in KEYS:
        change(session, delete(model).where(model.hour < before))
    return change(session, delete(rolled).where(rolled.c.hour < before))


def _hours(now: datetime) -> list[datetime]:
    """Return the hours to be rolled up: the young, those that never were, and those with messages that still wait."""
    last = hour_of(now - QUIET) - HOUR
    with db.engine.connect() as connection:
        first = hour_of(connection.scalar(select(func.min(Message.created_at))) or now)
        rows = connection.execute(select(rolled.c.hour, rolled.c.is_current))
        known: dict[datetime, bool] = {row.hour: row.is_current for row in rows}
        waiting = or_(traffic.c.queued > 0, traffic.c.sending > 0)
        unsettled = set(
            connection.scalars(
                select(traffic.c.hour).where(traffic.c.is_purged.is_(False), waiting).distinct()
            )
        )
    number = (last - first) // HOUR + 1
    hours = (first + HOUR * back for back in range(number))
    young = now - STILL_CHANGING
    due = [hour for hour in hours if hour >= young or hour in unsettled or not known.get(hour)]
    emptied = [hour for hour, is_current in known.items() if not is_current and hour < first and hour <= last]
    return emptied + due


def _take(connection: Connection, hour: datetime, version: int | None) -> None:
    """Be the one who writes what an hour came to; raises LostRace where another did after it was counted."""
    if version is None:
        _insert(connection, hour, is_current=True)
        return
    unchanged = (rolled.c.hour == hour, rolled.c.version == version)
    values = {"version": version + 1, "is_current": True}
    if not change(connection, update(rolled).where(*unchanged).values(**values)):
        raise LostRace


def _insert(writer: Connection | Session, hour: datetime, *, is_current: bool) -> None:
    try:
        writer.execute(insert(rolled).values(hour=hour, version=1, is_current=is_current))
    except IntegrityError as error:
        raise LostRace from error

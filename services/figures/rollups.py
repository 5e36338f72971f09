"""Roll-ups: hourly counts, refreshed from time to time, so that no page has to read a million rows.

An hour is in one of two states. It is rolled up (`RolledHour.is_current`), and its counts are in `TrafficHour`; or it
is not, and its rows are counted on demand. One with many messages is rolled up before it has ended, up to some minute;
its rows from there on are counted on demand. Rows that the purge deletes are added to counts of their own in the same
transaction. So stored plus live counts are right at any moment, except for changes since an hour was rolled up.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from exts import db
from models import clock
from models.message import Message
from models.traffic import RolledHour, TrafficHour
from services.figures import traffic_counts
from services.figures.traffic_counts import HOUR, LONGEST_CODE_LIFE, Counted, hour_of
from services.figures.traffic_memory import State
from services.figures.traffic_rows import KEYS, add, by_hour, clear, kept, replace, rows_of, write
from services.process.progress import Tell, silently
from services.storage.transactions import LostRace, change, statements

log = logging.getLogger(__name__)
QUIET = LONGEST_CODE_LIFE + timedelta(minutes=5)
"""How long after its end an hour is first rolled up: its codes are used or expired, and late commits are in."""
STILL_CHANGING = timedelta(hours=72)
"""How long carriers try to deliver an SMS and report it; an hour is rolled up again until it has ended so long ago."""
PART_OF_AGE = 12
"""An hour is looked at again after a twelfth of its age: most of what changes later does so in the first minutes, and
looking at 72 hours each time would take longer than five minutes from some ten million messages on."""
LONGEST_WAIT = HOUR
"""Between two looks at an hour with messages that wait, however old it is."""

MANY = 20_000
"""Messages; an hour with as many is rolled up while it goes on, for no page should count them each time."""
LATE_COMMITS = timedelta(minutes=1)
"""How long a row may take to be committed; what takes longer is counted by the next run."""

rolled = RolledHour.__table__
traffic = TrafficHour.__table__
_IN_PART = func.coalesce(rolled.c.counted_version, 0) == rolled.c.version
_LOOKED_AT = update(rolled).where(rolled.c.hour == bindparam("of")).values(looked_at=bindparam("at"))


def roll_up(now: datetime | None = None, *, only_due: bool = False, tell: Tell = silently) -> int:
    """Roll up all ended hours that may have changed since they last were; return how many did change.

    Each hour is a transaction of its own. Running it twice, or in two processes at once, counts nothing twice.
    `only_due`: without those that were looked at less than a twelfth of their age ago, counted from their end.
    """
    at, changed = now or clock.asked(db.engine), 0
    hours = {**dict.fromkeys(_hours(at, only_due=only_due)), **_busy_hours(at)}
    for number, (hour, until) in enumerate(hours.items(), 1):
        changed += roll_up_hour(hour, until)
        tell({"hours": number})
    if hours:
        looked = [{"of": hour, "at": at} for hour in hours]
        statements(lambda connection: connection.execute(_LOOKED_AT, looked))
    if changed:
        log.info("rolled up %s hours", changed)
    return changed


def roll_up_hour(hour: datetime, until: datetime | None = None) -> bool:
    """Count an hour again, all of it or up to a time, and store the counts; tell whether they were others before."""

    def work(connection: Connection) -> bool:
        last = connection.execute(select(rolled).where(rolled.c.hour == hour)).one_or_none()
        rows = rows_of(traffic_counts.of_span(connection, hour, until or hour + HOUR), hour)
        if last is not None and last.is_current and rows == kept(connection, hour) and _until(last) == until:
            return False
        _take(connection, hour, None if last is None else last.version, until)
        if last is None:
            write(connection, {hour: rows})
        else:
            replace(connection, hour, rows)
        return True

    return statements(work)


def state(reader: Connection | Session, since: datetime) -> State:
    """Return a value that changes whenever a roll-up since an hour is written or deleted."""
    sums = select(func.count(), func.coalesce(func.sum(rolled.c.version), 0)).where(rolled.c.hour >= since)
    count, versions = reader.execute(sums).one()
    return int(count), int(versions)


def uncounted(
    reader: Connection | Session, since: datetime, apart: Collection[datetime] = ()
) -> list[tuple[datetime, datetime | None]]:
    """Return the spans since an hour that are in no roll-up, oldest first; the last one has no end.

    `apart`: hours that the caller counts itself, whether or not they are rolled up.
    """
    current = (rolled.c.hour >= since, rolled.c.is_current.is_(True), rolled.c.hour.not_in(apart))
    whole = select(func.count(), func.min(rolled.c.hour), func.max(rolled.c.hour)).where(*current, ~_IN_PART)
    count, first, last = reader.execute(whole).one()
    in_part = select(rolled.c.hour, rolled.c.counted_until).where(*current, _IN_PART)
    counted: list[tuple[datetime, datetime]] = [(row[0], row[1]) for row in reader.execute(in_part)]
    if count and last - first == HOUR * (count - 1):  # without gaps, as nearly always: no need to read each
        counted.append((first, last + HOUR))
    elif count:
        hours = reader.scalars(select(rolled.c.hour).where(*current, ~_IN_PART))
        counted += [(hour, hour + HOUR) for hour in hours]
    spans: list[tuple[datetime, datetime | None]] = []
    begin = since
    for start, end in sorted(counted):
        if begin < start:
            spans.append((begin, start))
        begin = end
    return [*spans, (begin, None)]


def keep_purged(session: Session, counted: Counted) -> None:
    """Add rows that the caller deletes to the counts of purged rows; the caller commits both together."""
    if rows := by_hour(counted):
        set_aside(session, sorted(rows))
        add(session, rows)


def set_aside(session: Session, hours: Sequence[datetime]) -> None:
    """Have hours counted live until their next roll-up, because some of their rows are deleted.

    Raises LostRace where another process is rolling one up for the first time right now.
    """
    known = select(rolled.c.hour, rolled.c.is_current).where(rolled.c.hour.in_(hours)).order_by(rolled.c.hour)
    was_current = {row.hour: row.is_current for row in session.execute(known.with_for_update())}
    stale = {"version": rolled.c.version + 1, "is_current": False}
    change(session, update(rolled).where(rolled.c.hour.in_(hours)).values(**stale))
    for hour in hours:
        if hour not in was_current:
            _insert(session, hour, is_current=False)
    if current := [hour for hour, is_current in was_current.items() if is_current]:
        clear(session, current)


def delete_before(session: Session, before: datetime) -> int:
    """Delete the roll-ups of hours before a time, and return how many hours; the caller commits."""
    for model in KEYS:
        change(session, delete(model).where(model.hour < before))
    return change(session, delete(rolled).where(rolled.c.hour < before))


def _hours(now: datetime, *, only_due: bool) -> list[datetime]:
    """Return the hours to roll up: recent ones, those never rolled up, and those with unsettled messages."""
    last = _last_quiet(now)
    with db.engine.connect() as connection:
        first = hour_of(connection.scalar(select(func.min(Message.created_at))) or now)
        rows = connection.execute(select(rolled)).all()
        known: dict[datetime, bool] = {row.hour: row.is_current and _until(row) is None for row in rows}
        looked_at = {row.hour: row.looked_at for row in rows if row.is_current and row.looked_at}
        waiting = or_(traffic.c.queued > 0, traffic.c.sending > 0)
        unsettled = set(
            connection.scalars(
                select(traffic.c.hour).where(traffic.c.is_purged.is_(False), waiting).distinct()
            )
        )
    number = (last - first) // HOUR + 1
    hours = (first + HOUR * back for back in range(number))
    due = [
        hour
        for hour in hours
        if hour in unsettled or not known.get(hour) or looked_at.get(hour, now) < hour + HOUR + STILL_CHANGING
    ]
    if only_due:
        due = [hour for hour in due if not _was_looked_at(hour, looked_at, now, waits=hour in unsettled)]
    emptied = [hour for hour, is_current in known.items() if not is_current and hour < first and hour <= last]
    return emptied + due


def _was_looked_at(
    hour: datetime, looked_at: Mapping[datetime, datetime], now: datetime, *, waits: bool
) -> bool:
    rest = (now - hour - HOUR) / PART_OF_AGE
    passed = now - looked_at.get(hour, now - 2 * rest)
    return timedelta() <= passed < (min(rest, LONGEST_WAIT) if waits else rest)


def _last_quiet(now: datetime) -> datetime:
    """Return the last hour in which nothing is under way any more."""
    return hour_of(now - QUIET) - HOUR


def _busy_hours(now: datetime) -> dict[datetime, datetime | None]:
    """Return the later hours that have many messages, and up to when to count each; None is all of it."""
    found: dict[datetime, datetime | None] = {}
    hour, end = _last_quiet(now) + HOUR, now - LATE_COMMITS
    with db.engine.connect() as connection:
        while hour < end:
            made = select(Message.id).where(Message.created_at >= hour, Message.created_at < hour + HOUR)
            some = made.limit(MANY).subquery()
            if connection.scalar(select(func.count()).select_from(some)) == MANY:
                found[hour] = end if end < hour + HOUR else None
            hour += HOUR
    return found


def _until(row: Row[Any]) -> datetime | None:
    """Return up to when an hour is counted; None is all of it."""
    return cast(datetime, row.counted_until) if row.counted_version == row.version else None


def _take(connection: Connection, hour: datetime, version: int | None, until: datetime | None) -> None:
    """Claim the right to write an hour's counts; raises LostRace where another process wrote since it was counted."""
    if version is None:
        _insert(connection, hour, is_current=True, until=until)
        return
    unchanged = (rolled.c.hour == hour, rolled.c.version == version)
    values = {"version": version + 1, "is_current": True, **_counted(until, version + 1)}
    if not change(connection, update(rolled).where(*unchanged).values(**values)):
        raise LostRace


def _counted(until: datetime | None, version: int) -> dict[str, Any]:
    return {"counted_until": until, "counted_version": None if until is None else version}


def _insert(
    writer: Connection | Session, hour: datetime, *, is_current: bool, until: datetime | None = None
) -> None:
    values = {"version": 1, "is_current": is_current, **_counted(until, 1)}
    try:
        writer.execute(insert(rolled).values(hour=hour, **values))
    except IntegrityError as error:
        raise LostRace from error

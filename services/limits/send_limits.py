"""May this be sent now? Country, destination, closed prefixes, address, prefix and the day's budgets are checked."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from flask import current_app
from sqlalchemy import BigInteger, ColumnElement, func, select, type_coerce

from domain.destinations import Destination
from domain.errors import CountryNotAllowed, LimitExceeded
from domain.owners import LIVE, Owner
from domain.setting_texts import EVERY_OTHER
from domain.statuses import Channel
from exts import db
from models import Broadcast, Message, clock
from models.types import UtcTime
from services.limits import counters, pumping_guard, shared_windows
from services.limits.day_budget import ALL, DayBudget, Part
from services.limits.day_rows import DayRows
from services.outbox import packed
from services.process.parts import part
from services.storage.transactions import Writer

COUNTRY_LIMIT = "country_sends_per_day"
_MICROSECONDS: ColumnElement[int] = type_coerce(Message.created_at, BigInteger)
_MINUTE = type_coerce(_MICROSECONDS - _MICROSECONDS % 60_000_000, UtcTime).label("minute")
_ANYBODY = Owner("key")
"""One of those who share the live ledger."""
UNKNOWN = "unknown"
"""The country of numbers whose calling code several countries share."""


def take(
    writer: Writer,
    destination: Destination,
    now: datetime,
    *,
    owner: Owner,
    client_ip: str | None,
    segments: int = 1,
    has_cooldown: bool = True,
) -> None:
    """Count one send of a code in the caller's transaction, against the limits of its owner's ledger.

    The budgets count the `segments` of an SMS.

    Raises CountryNotAllowed, LimitExceeded, and LostRace where another send to the same destination was faster. The
    destination's own limits are checked first, so that what they refuse uses up nobody else's windows.
    """
    settings = current_app.config
    ensure_country(destination)
    windows = counters.send_windows(settings, has_cooldown=has_cooldown)
    counted = counters.look(writer, counters.sends_key(destination, owner), windows)
    counters.ensure_room(counted, now)
    if destination.channel is Channel.SMS and not owner.is_console:
        pumping_guard.ensure_open(destination, now, reader=writer)
    if client_ip:
        shared_windows.take_address(writer, client_ip, now, owner)
    if destination.channel is Channel.SMS:
        shared_windows.take_prefix(writer, destination, now, owner)
        take_budget([destination.country] * segments, owner, reader=writer)
    counters.count(writer, counted, now)


def ensure_country(destination: Destination) -> None:
    """Raise CountryNotAllowed where SMS to this country is not switched on; a number of unknown country needs `*`."""
    allowed = current_app.config["SMS_COUNTRIES"]
    if destination.channel is Channel.SMS and "*" not in allowed and destination.country not in allowed:
        raise CountryNotAllowed("SMS to this country is not switched on")


def take_budget(countries: Collection[str | None], owner: Owner, *, reader: Writer | None = None) -> None:
    """Count one segment to each of these countries against the day's budgets, all or none; raises LimitExceeded.

    A country is listed once a segment, because that is what carriers bill.

    A test key has a budget of its own. So has each part of the console, of the same size, and what it sends counts
    for the others, too.

    `reader`: the caller's connection, if it holds one: waiting for a second one could deadlock the connection pool.
    """
    most = current_app.config["SMS_SENDS_PER_DAY"] or 0
    wanted = Counter(country or UNKNOWN for country in countries)
    budgets = {country: budget_of(country) for country in wanted}
    if most == 0 and not any(budgets.values()):
        return
    parts = [
        Part(ALL, wanted.total(), most),
        *(Part(country, count, budgets[country]) for country, count in wanted.items()),
    ]
    full = part(DayBudget).take(owner.ledger, parts, lambda: sms_of_a_day(owner, reader))
    if full is not None:
        limit = "sms_sends_per_day" if full.name == ALL else COUNTRY_LIMIT
        raise LimitExceeded(limit, 3600, who=full.name)


def used_of_the_day(reader: Writer) -> dict[str | None, int]:
    """Return how many segments the day's budgets of API keys, hooks and tasks have counted, by country."""
    used = part(DayBudget).used(LIVE, lambda: sms_of_a_day(_ANYBODY, reader))
    return {None if name == UNKNOWN else name: count for name, count in used.items() if name != ALL}


def budget_of(country: str | None) -> int:
    """Return the most SMS to a country in a day; 0 is no limit."""
    budgets: Mapping[str, int] = current_app.config["COUNTRY_SENDS_PER_DAY"]
    return budgets.get(country or EVERY_OTHER, budgets.get(EVERY_OTHER, 0))


def sms_of_a_day(owner: Owner, reader: Writer | None = None) -> Mapping[str, int]:
    """Return how many segments of a ledger's SMS were accepted in the last day or wait, in all and by country."""
    session = reader or db.session()
    counted = (
        select(_MINUTE, Message.country, func.sum(Message.segments))
        .where(Message.channel == Channel.SMS.value, *shared_windows.of_ledger(owner))
        .group_by("minute", Message.country)
    )

    def read(since: datetime, until: datetime | None) -> Iterator[tuple[datetime, str, int]]:
        ends = () if until is None else (Message.created_at < until,)
        for minute, country, segments in session.execute(counted.where(Message.created_at >= since, *ends)):
            yield minute, country or UNKNOWN, int(segments)

    found = part(DayRows).count(owner.ledger, clock.now(), read)
    for waiting in packed.segments_waiting(session, shared_windows.of_ledger(owner, Broadcast)):
        found.update({country or UNKNOWN: count for country, count in waiting.items()})
    return found | {ALL: found.total()}

"""Look for pumped prefixes and close them: a thread in each worker, only one of them active at a time.

It reads what was sent in the last hour and which codes were entered.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Engine,
    case,
    false,
    func,
    insert,
    or_,
    select,
    type_coerce,
    update,
)

from domain import pumping
from domain.events import EventType, Listener
from domain.pumping import Rule
from domain.statuses import Channel
from models import Message, PrefixClosure, SafePrefix, Verification
from models.types import microseconds
from services.events import data, telling
from services.events.listeners import Listeners
from services.events.telling import News
from services.limits import hook_reports
from services.limits.hook_reports import PREFIX, Conversion
from services.process.patrol import Patrol

log = logging.getLogger(__name__)
LEASE = "pumping-guard"
LOOK_SECONDS = 5.0
FIRST_LOOK_SECONDS = 1.0
MOST_SUSPECTS = 500

messages, verifications = Message.__table__, Verification.__table__
closures = PrefixClosure.__table__
Measure = Callable[[Connection, str, datetime], Conversion]
_IS_CODE = (
    messages.c.channel == Channel.SMS.value,
    messages.c.verification_id.is_not(None),
    messages.c.sent_at.is_not(None),
    messages.c.is_test.is_(False),
)
"""Codes that a gateway accepted, without those of test keys."""
_ENTERED = case(
    (
        or_(verifications.c.has_fallback.is_(false()), verifications.c.message_id == messages.c.id),
        verifications.c.used_at,
    )
)
"""When the code was entered that the message carried; NULL where a fallback had sent it another way by then.

A fraudster may read mails: a code that was entered from one says nothing about the number.
"""


def look(
    engine: Engine,
    settings: Mapping[str, Any],
    now: datetime,
    listeners: Listeners | None = None,
) -> list[str]:
    """Close the prefixes that are pumped, tell endpoints of them, and return them."""
    rule = Rule.of(settings)
    if not rule.is_on:
        return []
    with engine.connect() as connection:
        crowded = busiest(connection, now - pumping.WINDOW, least=rule.sends)
        unreached = hook_reports.unreachable(connection, rule, now - pumping.WINDOW)
        safe = list(connection.scalars(select(SafePrefix.prefix))) if crowded or unreached else []
    suspects = [(prefix, conversion) for prefix in crowded]
    suspects += [(prefix, hook_reports.of_prefix) for prefix in unreached]
    closed: list[str] = []
    for prefix, measure in suspects:
        if prefix in closed or pumping.is_safe(prefix, safe):
            continue
        with engine.begin() as connection:
            closure = _close(connection, rule, prefix, now, measure)
            if closure is None:
                continue
            closed.append(prefix)
            if listeners is not None and not settings["PUMPING_GUARD_DRY_RUN"]:
                _tell(connection, listeners.of(connection), prefix, closure, now)
    for prefix in closed:
        would = "would be" if settings["PUMPING_GUARD_DRY_RUN"] else "is"
        told = "delivered" if prefix in unreached else "entered"
        log.warning("codes to %s**** are not %s: it %s closed", prefix, told, would)
    return closed


def busiest(
    connection: Connection, since: datetime, *, least: int = 1, most: int = MOST_SUSPECTS
) -> list[str]:
    """Return the prefixes that got at least `least` codes, the most first."""
    counted = (
        select(PREFIX)
        .where(*_IS_CODE, messages.c.created_at >= since)
        .group_by(PREFIX)
        .having(func.count() >= least)
        .order_by(func.count().desc())
        .limit(most)
    )
    return list(connection.scalars(counted))


def conversion(connection: Connection, prefix: str, since: datetime) -> Conversion:
    """Return how many codes went to one prefix, and how many of them were entered."""
    first, last = (prefix + digit * pumping.LAST_DIGITS for digit in "09")
    found = (
        select(func.max(messages.c.country), func.count(), func.count(_ENTERED))
        .join(verifications, verifications.c.id == messages.c.verification_id)
        .where(
            *_IS_CODE,
            messages.c.canonical.between(first, last),
            func.length(messages.c.canonical) == len(first),
            # keeps the planner off the index of times: an hour has many rows, a prefix few
            type_coerce(messages.c.created_at, BigInteger) + 0 >= microseconds(since),
        )
    )
    return Conversion(prefix, *connection.execute(found).one())


def conversions(connection: Connection, prefixes: Sequence[str], since: datetime) -> list[Conversion]:
    """Return the same for several prefixes, in their order, in one pass over the rows since then."""
    found = (
        select(PREFIX, func.max(messages.c.country), func.count(), func.count(_ENTERED))
        .join(verifications, verifications.c.id == messages.c.verification_id)
        .where(*_IS_CODE, messages.c.created_at >= since, PREFIX.in_(prefixes))
        .group_by(PREFIX)
    )
    by_prefix = {row[0]: Conversion(*row) for row in connection.execute(found)}
    return [by_prefix[prefix] for prefix in prefixes if prefix in by_prefix]


def _close(
    connection: Connection, rule: Rule, prefix: str, now: datetime, measure: Measure
) -> dict[str, Any] | None:
    """Close a prefix unless it is closed already, or what was sent since it reopened gives no reason.

    Returns the values of the closure, None where it was not closed.
    """
    before = connection.execute(select(closures).where(closures.c.prefix == prefix)).one_or_none()
    ended_at = before.until if before else None
    if ended_at is not None and ended_at > now:
        return None
    lately = measure(connection, prefix, pumping.counts_from(ended_at, now))
    if not rule.is_broken(lately.sends, lately.approved):
        return None
    number = pumping.times(before.times if before else 0, ended_at, now)
    values = {
        "country": lately.country,
        "times": number,
        "sends": lately.sends,
        "approved": lately.approved,
        "closed_at": now,
        "until": now + pumping.length(number),
    }
    if before:
        connection.execute(update(closures).where(closures.c.prefix == prefix).values(**values))
    else:
        connection.execute(insert(closures).values(prefix=prefix, **values))
    return values


def _tell(
    connection: Connection, listeners: Sequence[Listener], prefix: str, closure: dict[str, Any], now: datetime
) -> None:
    times = {name: data.time(closure[name]) for name in ("closed_at", "until")}
    told = {name: closure[name] for name in ("country", "sends", "approved")}
    news = News(EventType.GUARD_CLOSED, prefix, {"prefix": prefix, **told, **times})
    telling.tell(connection, listeners, [news], now)


def patrol(engine: Engine, settings: Mapping[str, Any], listeners: Listeners | None = None) -> Patrol:
    """Return the thread that looks for pumped prefixes, not started yet."""
    return Patrol(
        engine,
        LEASE,
        lambda now: look(engine, settings, now, listeners),
        every=LOOK_SECONDS,
        first=FIRST_LOOK_SECONDS,
    )

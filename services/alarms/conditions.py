"""What keeps messages from being sent just now, or soon will."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from sqlalchemy import Connection, select

from domain.alarms import NEARLY, Kind
from domain.statuses import Lane, Priority
from exts import db
from models import Message, PrefixClosure, clock
from models.indexes import has_come
from services.gateways import gateway_gaps
from services.gateways.gateway_gaps import Detour, Gap
from services.gateways.gateway_health import GatewayHealth
from services.limits import budget_use
from services.limits.budget_use import Use
from services.process import health
from services.process.parts import part
from services.roster.roster import current

IsOpen = Callable[[str], bool | None]
"""Tells of a gateway whether its circuit breaker is open; None where that is not known."""


@dataclass(frozen=True, slots=True)
class Closures:
    """How many prefixes the pumping guard refuses codes to, and the one that it closed last."""

    count: int
    prefix: str
    country: str | None
    sends: int
    approved: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Untaken:
    """Lanes that no worker takes."""

    lanes: tuple[Lane, ...]


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that is wrong."""

    kind: Kind
    at: datetime
    """When it was last noticed: now, or when the last prefix was closed."""
    subject: str = ""
    """The channel, gateway or budget; empty where there is only one thing."""
    about: Untaken | Gap | Detour | Use | Closures | None = None
    since: datetime | None = None
    """None where that is not known."""
    is_implied: bool = False
    """Whether another alarm of the list says it, too, and more."""


def look(
    now: datetime | None = None,
    *,
    is_open: IsOpen | None = None,
    broker_answers: Callable[[], bool] | None = None,
) -> list[Alarm]:
    """Return what is wrong, the most urgent first.

    Looks with a connection of its own: the page's session may still hold objects that the page shows. `is_open`: by
    default only the shared breakers tell, because without Redis each worker keeps its own.
    """
    now = now or clock.now()
    is_open = is_open or part(GatewayHealth).tells_of_all
    has_gateway = any(True for _ in current())
    with db.engine.connect() as connection:
        found = [*_processes(connection, now, broker_answers or health.broker_answers)]
        found += _gateways(connection, now, is_open) if has_gateway else [Alarm(Kind.NO_GATEWAY, now)]
        closures = list(_closures(connection, now))
    return [*found, *_budgets(now), *closures]


def _processes(connection: Connection, now: datetime, broker_answers: Callable[[], bool]) -> Iterator[Alarm]:
    taken = health.lanes_taken(connection, now)
    if taken is None:
        yield Alarm(Kind.NO_WORKER, now)
    untaken = tuple(lane for lane in Lane if lane not in (taken or ()) and _is_used(connection, lane, now))
    if untaken:
        yield Alarm(Kind.LANE_UNTAKEN, now, about=Untaken(untaken), is_implied=taken is None)
    if not broker_answers():
        yield Alarm(Kind.BROKER_AWAY, now)
    if not health.is_seen(connection, "beat", now):
        yield Alarm(Kind.NO_CLOCK, now)


def _is_used(connection: Connection, lane: Lane, now: datetime) -> bool:
    """Tell whether a lane needs a worker: for bulk, some installations have none until they send a broadcast."""
    if lane is not Lane.BULK:
        return any(one.channel.value == lane.value for one in current())
    is_bulk = (Message.priority == int(Priority.BULK), Message.lane == lane.value)
    due = select(Message.id).where(*is_bulk, has_come(Message.due_at, now)).limit(1)
    return connection.execute(due).first() is not None


def _gateways(connection: Connection, now: datetime, is_open: IsOpen) -> Iterator[Alarm]:
    outages = gateway_gaps.look(connection, is_open)
    for gap in outages.gaps:
        yield Alarm(Kind.SWITCHED_OFF, now, gap.channel.value, gap, gap.off[0].at)
    for channel in outages.failing:
        yield Alarm(Kind.ALL_FAIL, now, channel.value)
    for name, detour in outages.down.items():
        since = part(GatewayHealth).open_since(name)
        is_implied = detour.channel in outages.failing
        yield Alarm(Kind.GATEWAY_DOWN, now, name, detour, since, is_implied)


def _budgets(now: datetime) -> Iterator[Alarm]:
    for use in budget_use.look():
        is_used = use.used >= use.most
        if is_used:
            yield Alarm(Kind.BUDGET_USED, now, use.name, use)
        if use.share >= NEARLY:
            yield Alarm(Kind.BUDGET_NEARLY_USED, now, use.name, use, is_implied=is_used)


def _closures(connection: Connection, now: datetime) -> Iterator[Alarm]:
    if current_app.config["PUMPING_GUARD_DRY_RUN"]:
        return
    closed = PrefixClosure.__table__
    newest_first = select(closed).where(closed.c.until > now).order_by(closed.c.closed_at.desc())
    rows = connection.execute(newest_first).all()
    if rows:
        one = rows[0]
        about = Closures(len(rows), one.prefix, one.country, one.sends, one.approved, one.until)
        yield Alarm(Kind.PREFIXES_CLOSED, one.closed_at, about=about)


def is_well(kind: Kind, subject: str, is_open: IsOpen) -> bool:
    """Tell whether what was wrong is well again: a gateway that fails no more may also have been switched off."""
    if kind not in (Kind.GATEWAY_DOWN, Kind.ALL_FAIL, Kind.SWITCHED_OFF):
        return True
    with db.engine.connect() as connection:
        working = gateway_gaps.working(connection, is_open)
    return any(subject == (one.name if kind is Kind.GATEWAY_DOWN else one.channel) for one in working)

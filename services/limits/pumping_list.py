"""What people see of the pumping guard, and how they open a prefix by hand."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain import pumping
from domain.actions import Action
from domain.errors import NotFound
from domain.pumping import Rule
from domain.setting_texts import EVERY_OTHER
from exts import db
from models import Lease, PrefixClosure, SafePrefix, clock
from services.audit import trail
from services.audit.trail import COMMAND_LINE, Actor
from services.limits import pumping_watch, send_limits
from services.limits.hook_reports import Conversion
from services.limits.pumping_guard import FreshClosures
from services.process.freshness import once_in
from services.process.parts import part
from services.storage.transactions import transaction

log = logging.getLogger(__name__)
COUNT_EVERY_SECONDS = 5.0
MOST = 10


@dataclass(frozen=True, slots=True)
class ClosureView:
    """One prefix that is closed, and why."""

    prefix: str
    country: str | None
    times: int
    sends: int
    approved: int
    closed_at: datetime
    until: datetime
    is_safe: bool
    """An entry of the safe list covers it."""


@dataclass(frozen=True, slots=True)
class CountryView:
    """What was sent to a country in the last day, as its budget counts it; a `budget` of 0 is no limit."""

    country: str | None
    segments: int
    budget: int

    @property
    def share(self) -> float | None:
        """The share of the budget that is used; None where there is no budget."""
        return self.segments / self.budget if self.budget else None


@dataclass(frozen=True, slots=True)
class Counters:
    """What was sent lately: the prefixes with the most codes in an hour, and segments per country in a day."""

    prefixes: tuple[Conversion, ...]
    countries: Mapping[str | None, int]


def is_watched() -> bool:
    """Tell whether a worker looks for pumped prefixes just now."""
    held = select(Lease.name).where(Lease.name == pumping_watch.LEASE, Lease.expires_at > clock.now())
    found = db.session.scalar(held)
    db.session.rollback()
    return found is not None


def rule() -> Rule:
    """Return the rule in force."""
    return Rule.of(current_app.config)


def closed() -> list[ClosureView]:
    """Return what is closed now, the latest closure first."""
    now = clock.now()
    rows = db.session.scalars(
        select(PrefixClosure).where(PrefixClosure.until > now).order_by(PrefixClosure.closed_at.desc())
    ).all()
    safe = list(db.session.scalars(select(SafePrefix.prefix)))
    views = [
        ClosureView(
            row.prefix,
            row.country,
            row.times,
            row.sends,
            row.approved,
            row.closed_at,
            row.until,
            pumping.is_safe(row.prefix, safe),
        )
        for row in rows
    ]
    db.session.rollback()
    return views


def busiest() -> tuple[Conversion, ...]:
    """Return the prefixes that got the most codes in the last hour."""
    return _counters().prefixes


def countries() -> list[CountryView]:
    """Return the countries that got SMS within a day or have a budget, those with the most first."""
    sent = _counters().countries
    named = [name for name in current_app.config["COUNTRY_SENDS_PER_DAY"] if name != EVERY_OTHER]
    views = [
        CountryView(country, sent.get(country, 0), send_limits.budget_of(country))
        for country in dict.fromkeys((*sent, *named))
    ]
    return sorted(views, key=lambda view: (-view.segments, view.country or ""))


@once_in(COUNT_EVERY_SECONDS)
def _counters() -> Counters:
    since = clock.now() - pumping.WINDOW
    with db.engine.connect() as connection:
        busiest = pumping_watch.busiest(connection, since, most=MOST)
        prefixes = pumping_watch.conversions(connection, busiest, since) if busiest else []
        return Counters(tuple(prefixes), send_limits.used_of_the_day(connection))


def open_prefix(prefix: str, *, by: Actor = COMMAND_LINE) -> None:
    """Open a closed prefix; what was sent to it before no longer counts. Raises NotFound where it is open."""

    def work(session: Session) -> None:
        now = clock.now()
        row = session.get(PrefixClosure, prefix, with_for_update=True, populate_existing=True)
        if row is None or row.until <= now:
            raise NotFound("this prefix is not closed")
        row.until, row.times = now, 0
        told = {"sends": row.sends, "approved": row.approved}
        trail.note(session, by, Action.PREFIX_OPENED, f"{prefix}****", before=told)

    transaction(work)
    part(FreshClosures).forget()
    log.warning("prefix %s**** is opened by hand", prefix)

"""Destinations that no gateway serves now: none is configured for them, all are switched off, or all fail."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from flask import current_app
from sqlalchemy import select

from channels.gateway import Gateway
from domain import destinations
from domain.actions import Action
from domain.errors import InvalidDestination
from domain.statuses import Channel
from exts import db
from services.audit import trail
from services.gateways.gateway_switches import switches
from services.roster.roster import current
from services.storage.transactions import Writer


@dataclass(frozen=True, slots=True)
class Off:
    """A gateway that is switched off, since when and by whom."""

    name: str
    at: datetime
    by: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Gap:
    """What nobody serves: a channel, `only` some countries of it, or all `but` some."""

    channel: Channel
    off: tuple[Off, ...] = ()
    """The gateways that would serve it, the one switched off last first; empty where none is configured."""
    only: tuple[str, ...] = ()
    but: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Detour:
    """Where the messages of a gateway that fails go: to others, except those of the gap, which nobody takes."""

    channel: Channel
    others: tuple[str, ...]
    gap: Gap | None


@dataclass(frozen=True, slots=True)
class Outages:
    """What no gateway takes just now, or fewer than usual."""

    gaps: tuple[Gap, ...]
    """What is unserved because of switches, at most one gap a channel."""
    failing: tuple[Channel, ...]
    """Channels whose gateways all fail, of those that are switched on."""
    down: Mapping[str, Detour]
    """Each gateway that fails and is switched on."""


def look(reader: Writer, is_open: Callable[[str], bool | None]) -> Outages:
    """Look at switches and circuit breakers. `is_open`: tells of a gateway whether its breaker is."""
    off = _off(reader)
    down = {one.name: one for one in current() if one.name not in off and is_open(one.name)}
    return Outages(
        gaps=tuple(gap for channel in Channel if (gap := _gap(channel, off))) if off else (),
        failing=tuple(channel for channel in Channel if _all_fail(channel, off, down)),
        down={name: _detour(one, {*off, *down}) for name, one in down.items()},
    )


def working(reader: Writer, is_open: Callable[[str], bool | None]) -> list[Gateway]:
    """Return the gateways that are switched on and certainly do not fail."""
    off = _off(reader)
    return [one for one in current() if one.name not in off and is_open(one.name) is False]


def _all_fail(channel: Channel, off: Collection[str], down: Collection[str]) -> bool:
    on = [one.name for one in current() if one.channel == channel and one.name not in off]
    return bool(on) and all(name in down for name in on)


def _detour(down: Gateway, gone: Collection[str]) -> Detour:
    working = [one for one in current() if one.channel == down.channel and one.name not in gone]
    able = [
        one for one in working if not (one.countries and down.countries) or one.countries & down.countries
    ]
    names = tuple(one.name for one in able)
    if any(not one.countries for one in able):
        return Detour(down.channel, names, None)
    served = frozenset[str]().union(*(one.countries for one in able))
    if not down.countries:
        return Detour(down.channel, names, Gap(down.channel, but=tuple(sorted(served))))
    lost = tuple(sorted(down.countries - served))
    return Detour(down.channel, names, Gap(down.channel, only=lost) if lost else None)


def of_destination(channel: Channel, country: str | None) -> Gap | None:
    """Return why no gateway can take a message; None where one is switched on."""
    able = [
        gateway
        for gateway in current()
        if gateway.channel == channel and (not gateway.countries or country in gateway.countries)
    ]
    if not able:
        return Gap(channel)
    off = _off(db.session())
    return Gap(channel, _named(able, off)) if all(gateway.name in off for gateway in able) else None


def of_address(channel: Channel, to: str) -> Gap | None:
    """Return the same for a destination as it is stored."""
    try:
        country = destinations.parse(channel, to, region=current_app.config["DEFAULT_REGION"]).country
    except InvalidDestination:
        country = None
    return of_destination(channel, country)


def _off(reader: Writer) -> dict[str, datetime]:
    """Return the gateways of the file that are switched off, with the time of their last change."""
    known = {gateway.name for gateway in current()}
    rows = reader.execute(select(switches.c.name, switches.c.changed_at).where(switches.c.is_off)).all()
    return {row.name: row.changed_at for row in rows if row.name in known}


def _gap(channel: Channel, off: Mapping[str, datetime]) -> Gap | None:
    ours = [gateway for gateway in current() if gateway.channel == channel]
    missing = [gateway for gateway in ours if gateway.name in off]
    working = [gateway for gateway in ours if gateway.name not in off]
    if not missing or any(not gateway.countries for gateway in working):
        return None
    served = frozenset[str]().union(*(gateway.countries for gateway in working))
    if not working:
        return Gap(channel, _named(missing, off))
    if any(not gateway.countries for gateway in missing):
        return Gap(channel, _named(missing, off), but=tuple(sorted(served)))
    lost = frozenset[str]().union(*(gateway.countries for gateway in missing)) - served
    named = _named([gateway for gateway in missing if gateway.countries & lost], off)
    return Gap(channel, named, only=tuple(sorted(lost))) if lost else None


def switched(name: str, changed_at: datetime, changed_by: str = trail.COMMAND_LINE.name) -> Off:
    """Return who switched off a gateway and when; its row also changes with the weight, so the audit knows better."""
    entry = trail.newest(name, [Action.GATEWAY_SWITCHED_OFF])
    return Off(name, entry.at, entry.actor) if entry else Off(name, changed_at, changed_by)


def _named(gateways: Iterable[Gateway], off: Mapping[str, datetime]) -> tuple[Off, ...]:
    found = [switched(gateway.name, off[gateway.name]) for gateway in gateways]
    return tuple(sorted(found, key=lambda one: one.at, reverse=True))

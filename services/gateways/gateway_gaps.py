"""Destinations that no gateway serves now: none is configured for them, or operators switched all of them off."""

from collections.abc import Iterable, Mapping
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
from services.gateways.gateway_health import GatewayHealth
from services.gateways.gateway_switches import switches
from services.process.parts import part
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


def switched_off(reader: Writer | None = None) -> list[Gap]:
    """Return what is unserved because of switches, at most one gap a channel."""
    off = _off(reader or db.session())
    return [gap for channel in Channel if (gap := _gap(channel, off))] if off else []


def failing(reader: Writer | None = None) -> list[Channel]:
    """Return the channels whose gateways all fail, of those that are switched on: every circuit breaker is open.

    Only the shared breakers tell; without Redis each worker keeps its own.
    """
    off = _off(reader or db.session())
    return [channel for channel in Channel if _all_fail(channel, off)]


def _all_fail(channel: Channel, off: Mapping[str, datetime]) -> bool:
    working = [one.name for one in current() if one.channel == channel and one.name not in off]
    return bool(working) and all(part(GatewayHealth).tells_of_all(name) for name in working)


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

"""How the messages of each country are divided among the gateways that are switched on, by their weights."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask import current_app

from channels.gateway import Gateway
from domain.statuses import Channel
from exts import db
from services.gateways import gateway_switches
from services.gateways.gateway_switches import Switches
from services.roster.roster import current


@dataclass(frozen=True, slots=True)
class Share:
    """What one gateway gets; `part` is 0.0 for one that is used only when no other is available."""

    name: str
    part: float


@dataclass(frozen=True, slots=True)
class Division:
    """The shares of a channel, or of some countries of it, the largest first."""

    channel: Channel
    countries: tuple[str, ...]
    """Empty for all that no other division has."""
    shares: tuple[Share, ...]


def divisions() -> list[Division]:
    """Return who gets what: mail, and SMS by country; countries that are divided alike are one division."""
    switches = gateway_switches.read(db.session())
    db.session.rollback()
    on = [gateway for gateway in current() if gateway.name not in switches.off]
    found = [
        Division(Channel.SMS, countries, shares)
        for shares, countries in _by_shares([one for one in on if one.channel is Channel.SMS], switches)
    ]
    mail = _shares([one for one in on if one.channel is Channel.EMAIL], switches)
    return found + ([Division(Channel.EMAIL, (), mail)] if mail else [])


def _by_shares(
    gateways: Sequence[Gateway], switches: Switches
) -> Iterator[tuple[tuple[Share, ...], tuple[str, ...]]]:
    """Yield the shares with their countries; last those of all other countries, if any may be sent to."""
    allowed = set(current_app.config["SMS_COUNTRIES"])
    named = frozenset[str]().union(*(one.countries for one in gateways))
    countries = sorted(named if "*" in allowed else allowed)
    alike: defaultdict[tuple[Share, ...], list[str]] = defaultdict(list)
    for country in countries:
        able = [one for one in gateways if not one.countries or country in one.countries]
        alike[_shares(able, switches)].append(country)
    rest = _shares([one for one in gateways if not one.countries], switches)
    if "*" in allowed and rest:
        alike[rest] = []  # a country that is divided as the rest is part of it
    yield from ((shares, tuple(found)) for shares, found in alike.items() if shares)


def _shares(gateways: Sequence[Gateway], switches: Switches) -> tuple[Share, ...]:
    weights = {one.name: switches.weights.get(one.name, one.weight) for one in gateways}
    if weights and not any(weights.values()):
        weights = dict.fromkeys(weights, 1)  # as many last resorts share evenly
    total = sum(weights.values())
    shares = [Share(name, weight / total) for name, weight in weights.items()]
    return tuple(sorted(shares, key=lambda one: (-one.part, one.name)))

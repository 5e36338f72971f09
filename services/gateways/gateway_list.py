"""The gateways as the console shows them: never a key, a password or an address."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import select

from channels.gateway import Gateway
from channels.presets import Preset, all_presets
from channels.receipts import ReadsReceipts
from domain.errors import NotFound
from domain.statuses import Channel
from exts import db
from models import Administrator, GatewaySwitch, StoredGateway
from services.audit import trail
from services.gateways import gateway_figures, gateway_gaps, unknown_words
from services.gateways.gateway_figures import Figures
from services.gateways.gateway_gaps import Off
from services.gateways.gateway_health import GatewayHealth
from services.gateways.unknown_words import WordView
from services.process.parts import part
from services.roster.roster import Roster, current


@dataclass(frozen=True, slots=True)
class GatewayView:
    """One gateway; `is_left_alone`: whether its breaker is open, None where each worker keeps its own breaker."""

    name: str
    channel: Channel
    type: str
    weight: int
    file_weight: int
    countries: tuple[str, ...]
    rate: int
    rate_seconds: int
    is_left_alone: bool | None
    probe_in: float | None = None
    """In how many seconds an open breaker lets a message through."""
    open_since: datetime | None = None
    """When an open breaker opened, where that is known."""
    off: Off | None = None
    """Who switched it off and when; None while it is on."""
    is_stored: bool = False
    """Whether it was added in the console, and can be changed and removed there."""
    takes_reports: bool = False
    changed_at: datetime | None = None
    changed_by: str | None = field(default=None, repr=False)
    figures: Figures = field(default_factory=Figures)
    """The results of the last hour's hand-overs."""
    share: float | None = None
    """Its share of what its channel sent in that hour; None where nothing was sent."""
    unknown_words: Sequence[WordView] = ()
    """Words for a status that its provider reports and nobody has given a meaning; only of one gateway alone."""

    @property
    def is_off(self) -> bool:
        """Whether an operator switched it off."""
        return self.off is not None


def everything() -> list[GatewayView]:
    """Return all gateways: those of the file in its order, then those that were added by name."""
    part(Roster).look()
    session = db.session()
    set_now = {row.name: row for row in session.scalars(select(GatewaySwitch))}
    people = {row.id: row.email for row in session.execute(select(Administrator.id, Administrator.email))}
    shown = gateway_figures.lately()
    figures = {gateway.name: shown.get(gateway.name, Figures()) for gateway in current()}
    sent: Counter[Channel] = Counter()
    for gateway in current():
        sent[gateway.channel] += figures[gateway.name].sent
    stored = {name: row for name, row in _stored().items() if not part(Roster).is_shadowed(name)}
    views = [
        _view(
            gateway,
            stored.get(gateway.name),
            set_now.get(gateway.name),
            people,
            figures[gateway.name],
            sent[gateway.channel],
        )
        for gateway in current()
    ]
    session.rollback()
    return views


def one(name: str) -> GatewayView:
    """Return one gateway; raises NotFound."""
    found = next((gateway for gateway in everything() if gateway.name == name), None)
    gateway = current().named(name)
    if found is None or gateway is None:
        raise NotFound("no such gateway")
    words = unknown_words.of(gateway)
    db.session.rollback()
    return replace(found, unknown_words=words)


@dataclass(frozen=True, slots=True)
class Unused:
    """A gateway that was added in the console and can't be used; `fault` None: gateways.toml has its name."""

    name: str
    kind: str
    fault: str | None


def unused() -> list[Unused]:
    """Return the gateways that nothing is sent through, though they were added here."""
    known = part(Roster)
    return [
        Unused(name, row.kind, known.faults.get(name))
        for name, row in _stored().items()
        if known.is_shadowed(name) or name in known.faults
    ]


def is_used(name: str) -> bool:
    """Tell whether there is a gateway of this name that messages go through."""
    return current().named(name) is not None


def reports_to(name: str, host_url: str) -> str:
    """Return where a provider reports deliveries; `host_url`: where the console is, if PUBLIC_URL does not say it."""
    return f"{(current_app.config['PUBLIC_URL'] or host_url).rstrip('/')}/receipts/{name}"


def _stored() -> Mapping[str, Any]:
    columns = (StoredGateway.name, StoredGateway.kind, StoredGateway.changed_at, StoredGateway.changed_by)
    return {row.name: row for row in db.session.execute(select(*columns).order_by(StoredGateway.name))}


def _view(
    gateway: Gateway,
    stored: Any,
    switch: GatewaySwitch | None,
    people: Mapping[int, str],
    figures: Figures,
    all_sent: int,
) -> GatewayView:
    changes = [change for change in (stored, switch) if change is not None]
    change = max(changes, key=lambda one: one.changed_at, default=None)
    weight = gateway.weight if switch is None or switch.weight is None else switch.weight
    return GatewayView(
        name=gateway.name,
        channel=gateway.channel,
        type=stored.kind if stored else gateway.type,
        weight=weight,
        file_weight=gateway.weight,
        countries=tuple(sorted(gateway.countries)),
        rate=gateway.rate,
        rate_seconds=gateway.rate_seconds,
        is_left_alone=part(GatewayHealth).tells_of_all(gateway.name),
        probe_in=part(GatewayHealth).probe_in(gateway.name),
        open_since=part(GatewayHealth).open_since(gateway.name),
        off=_off(switch, people) if switch and switch.is_off else None,
        is_stored=stored is not None,
        takes_reports=isinstance(gateway, ReadsReceipts),
        changed_at=change.changed_at if change else None,
        changed_by=people.get(change.changed_by or 0) if change else None,
        figures=figures,
        share=figures.sent / all_sent if all_sent else None,
    )


def _off(switch: GatewaySwitch, people: Mapping[int, str]) -> Off:
    by = people.get(switch.changed_by or 0, trail.COMMAND_LINE.name)
    return gateway_gaps.switched(switch.name, switch.changed_at, by)


def presets() -> list[Preset]:
    """Return the providers whose interface ships with the service."""
    return list(all_presets())

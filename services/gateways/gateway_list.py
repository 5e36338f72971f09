"""The gateways as the console shows them: never a key, a password or an address."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from channels.gateway import Gateway
from channels.registry import Gateways
from domain.errors import NotFound
from domain.statuses import Channel
from exts import db
from models import Administrator, GatewaySwitch
from services.gateways import gateway_figures
from services.gateways.gateway_figures import Figures
from services.gateways.gateway_health import GatewayHealth
from services.process.parts import part


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
    is_off: bool = False
    changed_at: datetime | None = None
    changed_by: str | None = field(default=None, repr=False)
    figures: Figures = field(default_factory=Figures)
    """The results of the last hour's hand-overs."""
    share: float | None = None
    """Its share of what its channel sent in that hour; None where nothing was sent."""


def everything() -> list[GatewayView]:
    """Return all gateways in the order of the file."""
    session = db.session()
    set_now = {row.name: row for row in session.scalars(select(GatewaySwitch))}
    people = {row.id: row.email for row in session.execute(select(Administrator.id, Administrator.email))}
    shown = gateway_figures.lately()
    figures = {gateway.name: shown.get(gateway.name, Figures()) for gateway in part(Gateways)}
    sent: Counter[Channel] = Counter()
    for gateway in part(Gateways):
        sent[gateway.channel] += figures[gateway.name].sent
    views = [
        _view(gateway, set_now.get(gateway.name), people, figures[gateway.name], sent[gateway.channel])
        for gateway in part(Gateways)
    ]
    session.rollback()
    return views


def one(name: str) -> GatewayView:
    """Return one gateway; raises NotFound."""
    found = next((gateway for gateway in everything() if gateway.name == name), None)
    if found is None:
        raise NotFound("no such gateway")
    return found


def _view(
    gateway: Gateway,
    switch: GatewaySwitch | None,
    people: Mapping[int, str],
    figures: Figures,
    all_sent: int,
) -> GatewayView:
    weight = gateway.weight if switch is None or switch.weight is None else switch.weight
    return GatewayView(
        name=gateway.name,
        channel=gateway.channel,
        type=gateway.type,
        weight=weight,
        file_weight=gateway.weight,
        countries=tuple(sorted(gateway.countries)),
        rate=gateway.rate,
        rate_seconds=gateway.rate_seconds,
        is_left_alone=part(GatewayHealth).tells_of_all(gateway.name),
        is_off=switch is not None and switch.is_off,
        changed_at=switch.changed_at if switch else None,
        changed_by=people.get(switch.changed_by or 0) if switch else None,
        figures=figures,
        share=figures.sent / all_sent if all_sent else None,
    )

"""The gateways as people see them: never a key, a password or an address."""

from dataclasses import dataclass

from domain.statuses import Channel
from services.runtime import runtime


@dataclass(frozen=True, slots=True)
class GatewayView:
    """One gateway; `is_left_alone` is None where only each worker knows."""

    name: str
    channel: Channel
    type: str
    weight: int
    countries: tuple[str, ...]
    rate: int
    is_left_alone: bool | None


def everything() -> list[GatewayView]:
    """Return all gateways in the order of the file."""
    found = runtime()
    return [
        GatewayView(
            name=gateway.name,
            channel=gateway.channel,
            type=gateway.type,
            weight=gateway.weight,
            countries=tuple(sorted(gateway.countries)),
            rate=gateway.rate,
            is_left_alone=found.health.tells_of_all(gateway.name),
        )
        for gateway in found.gateways
    ]

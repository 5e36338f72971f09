"""The gateways that send only texts their provider approved, so that each of ours needs the id of one of theirs."""

from collections.abc import Iterable
from dataclasses import dataclass

from channels.making import TYPES
from channels.sms.china import ChinaProvider
from services.roster.roster import current

_APPROVING = {
    kind: maker
    for kind, (_, maker) in TYPES.items()
    if isinstance(maker, type) and issubclass(maker, ChinaProvider)
}


@dataclass(frozen=True, slots=True)
class Taker:
    """One such gateway; `type` is None where only a version still names it and gateways.toml no longer does."""

    name: str
    type: str | None
    has_signature: bool = True


def takers(named: Iterable[str] = ()) -> list[Taker]:
    """Return all such gateways in the order of the file, then those that are only `named`."""
    found = [
        Taker(gateway.name, gateway.type, _APPROVING[gateway.type].signs)
        for gateway in current()
        if gateway.type in _APPROVING
    ]
    known = {taker.name for taker in found}
    return found + [Taker(name, None) for name in sorted(set(named) - known)]

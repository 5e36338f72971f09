"""The lane of events of a worker process, with what it looks for beside posting."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from channels.registry import Gateways
from domain.keyring import Keyring
from exts import db
from services.codes.telling import erase_and_tell
from services.events.listeners import Listeners
from services.gateways.gateway_health import GatewayHealth
from services.process.housekeeping import ERASE_EVERY, process_name
from services.process.parts import part
from services.webhooks import endpoint_views
from services.webhooks.courier import Courier, Duty
from services.webhooks.posting import Poster
from services.webhooks.watching import FinishedBroadcasts, GatewayWatch


def courier(settings: Mapping[str, Any]) -> Courier:
    """Return the courier of this process, not started yet."""
    engine, listeners = db.engine, part(Listeners)
    channels = {gateway.name: gateway.channel.value for gateway in part(Gateways)}
    duties: list[Duty] = [
        ExpiredCodes(engine, listeners),
        FinishedBroadcasts(engine, listeners),
        GatewayWatch(engine, listeners, part(GatewayHealth), channels, process_name("worker")),
    ]
    return Courier(engine, Poster(part(Keyring), endpoint_views.rules(settings)), duties)


class ExpiredCodes:
    """Erases the codes of expired verifications, and tells of them."""

    def __init__(self, engine: Engine, listeners: Listeners):
        self._engine, self._listeners = engine, listeners
        self._next: datetime | None = None

    def __call__(self, now: datetime) -> None:
        if self._next is None or now >= self._next:
            self._next = now + ERASE_EVERY
            erase_and_tell(self._listeners, self._engine, now)

"""What keeps messages from being sent just now, for a banner on every page."""

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import current_app

from channels.registry import Gateways
from exts import db
from services.gateways import gateway_gaps
from services.gateways.gateway_gaps import Gap
from services.limits import pumping_guard
from services.process import health
from services.process.parts import part


@dataclass(frozen=True, slots=True)
class Alarms:
    """The state of what sends; `closed_prefixes`: how many the pumping guard refuses codes to."""

    has_gateway: bool
    gaps: tuple[Gap, ...]
    has_worker: bool
    closed_prefixes: int


def look(now: datetime | None = None) -> Alarms:
    """Look with a connection of its own: the page's session may still hold objects that the page shows."""
    now = now or datetime.now(UTC)
    with db.engine.connect() as connection:
        closures = pumping_guard.read(connection)
        return Alarms(
            has_gateway=any(True for _ in part(Gateways)),
            gaps=tuple(gateway_gaps.switched_off(connection)),
            has_worker=health.worker_is_seen(connection, now),
            closed_prefixes=0 if current_app.config["PUMPING_GUARD_DRY_RUN"] else len(closures.until),
        )

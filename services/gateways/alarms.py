"""What keeps messages from being sent just now, for a banner on every page."""

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import current_app

from domain.statuses import Channel
from exts import db
from services.gateways import gateway_gaps
from services.gateways.gateway_gaps import Gap
from services.limits import pumping_guard
from services.process import health
from services.roster.roster import current


@dataclass(frozen=True, slots=True)
class Alarms:
    """The state of what sends; `closed_prefixes`: how many the pumping guard refuses codes to."""

    has_gateway: bool
    gaps: tuple[Gap, ...]
    failing: tuple[Channel, ...]
    """Channels whose gateways all fail."""
    has_worker: bool
    has_clock: bool
    broker_answers: bool
    closed_prefixes: int


def look(now: datetime | None = None) -> Alarms:
    """Look with a connection of its own: the page's session may still hold objects that the page shows."""
    now, has_gateway = now or datetime.now(UTC), any(True for _ in current())
    with db.engine.connect() as connection:
        closures = pumping_guard.read(connection)
        return Alarms(
            has_gateway=has_gateway,
            gaps=tuple(gateway_gaps.switched_off(connection)),
            failing=tuple(gateway_gaps.failing(connection)),
            has_worker=health.is_seen(connection, "worker", now),
            has_clock=health.is_seen(connection, "beat", now),
            broker_answers=health.broker_answers(),
            closed_prefixes=0 if current_app.config["PUMPING_GUARD_DRY_RUN"] else len(closures.until),
        )

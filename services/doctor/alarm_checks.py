"""What keeps messages from being sent, or soon will: what every page of the console shows."""

from collections.abc import Iterator

from flask_babel import force_locale
from sqlalchemy.exc import SQLAlchemyError

from domain.alarms import Kind
from services.alarms import conditions, wording
from services.doctor.findings import Finding, ok, warn
from services.doctor.processes import UNKNOWN

CHECKED_ELSEWHERE = (Kind.NO_WORKER, Kind.LANE_UNTAKEN, Kind.BROKER_AWAY, Kind.NO_CLOCK, Kind.NO_GATEWAY)


def check_delivery() -> Iterator[Finding]:
    """Name each alarm of which no other check tells."""
    try:
        alarms = conditions.look()
    except SQLAlchemyError:
        yield warn("delivery", UNKNOWN)
        return
    told = [alarm for alarm in alarms if not alarm.is_implied and alarm.kind not in CHECKED_ELSEWHERE]
    with force_locale("en"):
        for alarm in told:
            yield warn("delivery", wording.title(alarm))
    if not told:
        yield ok(
            "delivery",
            "no gateway fails, no channel is without one, no budget is used up, no prefix is closed",
        )

"""How many things of each kind are wrong, for /metrics and telemetry."""

import logging
from collections import Counter
from collections.abc import Mapping

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from domain.alarms import Kind
from domain.tracing import Gauge
from services.alarms import conditions
from services.process.freshness import once_in

log = logging.getLogger(__name__)
COUNT_EVERY_SECONDS = 5.0


@once_in(COUNT_EVERY_SECONDS)
def count() -> Mapping[str, int]:
    """Return the number of alarms by kind, at most five seconds old. Raises what the database raises."""
    found = Counter(alarm.kind for alarm in conditions.look() if not alarm.is_implied)
    return {kind.value: found[kind] for kind in Kind}


def gauges(app: Flask) -> list[Gauge]:
    """Return the same for telemetry; nothing while the database does not answer."""
    try:
        with app.app_context():
            return [Gauge("sendcode.alarms", {"kind": kind}, number) for kind, number in count().items()]
    except SQLAlchemyError as error:
        log.warning("no alarms are counted: the database did not answer (%s)", type(error).__name__)
        return []

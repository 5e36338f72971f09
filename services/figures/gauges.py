"""The metrics of the whole installation as a list, for whoever doesn't read /metrics."""

import logging

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from domain.tracing import Gauge
from services.figures import metrics

log = logging.getLogger(__name__)


def of(app: Flask) -> list[Gauge]:
    """Return the values, at most five seconds old; none while the database does not answer."""
    try:
        with app.app_context():
            counts = metrics.count()
    except SQLAlchemyError as error:
        log.warning("no metrics: the database did not answer (%s)", type(error).__name__)
        return []
    gauges = [Gauge("sendcode.workers", {}, counts.workers)]
    for name, by_status in (
        ("sendcode.messages", counts.messages),
        ("sendcode.verifications", counts.verifications),
    ):
        for (channel, status), value in by_status.items():
            gauges.append(Gauge(name, {"channel": channel, "status": status}, value))
    gauges += [
        Gauge("sendcode.messages.waiting", {"lane": lane}, one) for lane, one in counts.waiting.items()
    ]
    gauges += [
        Gauge("sendcode.oldest_due", {"lane": lane}, one) for lane, one in counts.oldest_due_seconds.items()
    ]
    return gauges

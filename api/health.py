"""/healthz, /readyz and /metrics: for supervisors, load balancers and Prometheus, without a key.

They return counts and states, never destinations; block /metrics at the proxy if the counts are confidential too.
"""

from collections.abc import Mapping
from typing import Any

from flask import Response
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from api.openapi import PUBLIC, Blueprint
from api.problems import problem
from api.schemas import health as wire
from domain.version import VERSION
from services.alarms import counts as alarms
from services.figures import metrics
from services.figures.metrics import Counts
from services.process import health

blueprint = Blueprint("health", __name__, description="The health of the installation, without a key.")


@blueprint.get("/healthz")
@blueprint.response(200, wire.Alive(), example=wire.ALIVE_EXAMPLE)
@blueprint.doc(operationId="alive", **PUBLIC)
def alive() -> dict[str, str]:
    """Is the process alive?

    Checks neither database nor broker: a supervisor must not restart the process because of them.
    """
    return {"status": "ok", "version": VERSION}


@blueprint.get("/readyz")
@blueprint.response(200, wire.Ready(), example=wire.READY_EXAMPLE)
@blueprint.alt_response(503, "SERVICE_UNAVAILABLE")
@blueprint.doc(operationId="ready", **PUBLIC)
def ready() -> dict[str, Any] | Response:
    """Will codes arrive in time?

    Checks database, broker, the oldest due message (at most 30 s late) and that a worker was seen within 15 s. A 503
    has the same members in addition to those of a problem.
    """
    findings = health.look()
    checks = {finding.name: {"ok": finding.ok, "detail": finding.detail} for finding in findings}
    bad = [finding.name for finding in findings if not finding.ok]
    if bad:
        return problem(503, "not_ready", f"not well: {', '.join(bad)}", extra=checks)
    return checks


@blueprint.get("/metrics")
@blueprint.response(200, {"type": "string"}, content_type="text/plain", description="Prometheus text format")
@blueprint.alt_response(503, "SERVICE_UNAVAILABLE")
@blueprint.doc(operationId="metrics", **PUBLIC)
def show_metrics() -> Response:
    """Get metrics for Prometheus

    All are gauges of the last hour or of now, counted in the database, so every web process returns the same.
    """
    return Response(_exposition(metrics.count(), alarms.count()), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _exposition(counts: Counts, wrong: Mapping[str, int]) -> bytes:
    registry = CollectorRegistry()
    of_messages = Gauge(
        "sendcode_messages", "Messages created in the last hour.", ["channel", "status"], registry=registry
    )
    for labels, number in counts.messages.items():
        of_messages.labels(*labels).set(number)
    of_verifications = Gauge(
        "sendcode_verifications",
        "Verifications whose code is valid or expired in the last hour.",
        ["channel", "status"],
        registry=registry,
    )
    for labels, number in counts.verifications.items():
        of_verifications.labels(*labels).set(number)
    waiting = Gauge("sendcode_messages_waiting", "Messages not settled yet.", ["lane"], registry=registry)
    for lane, number in counts.waiting.items():
        waiting.labels(lane).set(number)
    oldest = Gauge(
        "sendcode_oldest_due_seconds",
        "Seconds by which the oldest due message is late.",
        ["lane"],
        registry=registry,
    )
    for lane, seconds in counts.oldest_due_seconds.items():
        oldest.labels(lane).set(seconds)
    Gauge("sendcode_workers", "Workers seen in the last 15 s.", registry=registry).set(counts.workers)
    of_alarms = Gauge(
        "sendcode_alarms", "Things that keep messages from being sent.", ["kind"], registry=registry
    )
    for kind, number in wrong.items():
        of_alarms.labels(kind).set(number)
    return generate_latest(registry)

"""The collector of traces and metrics: does it take what we send?"""

from collections.abc import Iterator

from flask import current_app

from domain import tracing
from services.doctor.findings import Finding, ok, warn

SECONDS = 3.0


def check_collector() -> Iterator[Finding]:
    """Send it an empty batch; nothing where telemetry is off. A warning, as no code waits for a collector."""
    if not current_app.config["TELEMETRY"]:
        return
    if tracing.current().reaches_collector(SECONDS):
        yield ok("telemetry", "the collector answers")
    else:
        yield warn("telemetry", "the collector does not take spans (OTEL_EXPORTER_OTLP_ENDPOINT, …_HEADERS)")

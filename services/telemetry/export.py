"""Where spans and metrics go: to a collector over HTTP, as the `OTEL_*` variables say.

https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
"""

import os
from collections.abc import Mapping

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult

from domain.errors import ConfigurationError
from domain.version import VERSION
from services.telemetry.kit import LAST_EXPORT_MILLISECONDS, Kit

TRACES, METRICS = "OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER"
OTLP, NONE, OVER_HTTP = "otlp", "none", "http/protobuf"
PROTOCOLS = (
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
)


def check(environ: Mapping[str, str]) -> None:
    """Refuse what only other exporters could do; raises ConfigurationError."""
    for name in (TRACES, METRICS):
        if environ.get(name, OTLP) not in (OTLP, NONE):
            raise ConfigurationError(f"{name} must be {OTLP} or {NONE}")
    for name in PROTOCOLS:
        if environ.get(name, OVER_HTTP) != OVER_HTTP:
            raise ConfigurationError(f"{name} must be {OVER_HTTP}")


class Batches(BatchSpanProcessor):
    """Exports spans in batches, from a thread of its own."""

    def shutdown(self) -> None:
        """Export the rest, and give up soon: the SDK lets a process wait 30 s for a collector that is gone."""
        self._batch_processor.shutdown(timeout_millis=LAST_EXPORT_MILLISECONDS)


def kit() -> Kit:
    """Return what makes spans and counts, and exports spans every five seconds and counts once a minute."""
    traces = TracerProvider(resource=_resource(), shutdown_on_exit=False)
    if os.environ.get(TRACES, OTLP) == OTLP:
        traces.add_span_processor(Batches(OTLPSpanExporter()))
    exports = os.environ.get(METRICS, OTLP) == OTLP
    readers = [PeriodicExportingMetricReader(OTLPMetricExporter())] if exports else []
    return Kit(traces, MeterProvider(readers, resource=_resource(), shutdown_on_exit=False))


def reaches_collector(seconds: float) -> bool:
    """Tell whether the collector takes an empty batch of spans; true where spans are not exported."""
    if os.environ.get(TRACES, OTLP) != OTLP:
        return True
    exporter = OTLPSpanExporter(timeout=seconds)
    try:
        return exporter.export(()) is SpanExportResult.SUCCESS
    finally:
        exporter.shutdown()  # type: ignore[no-untyped-call]


def _resource() -> Resource:
    """Return what is told of this process; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES take precedence."""
    ours = Resource({"service.name": "sendcode", "service.version": VERSION})
    return Resource.create().merge(ours).merge(OTELResourceDetector().detect())

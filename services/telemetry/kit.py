"""OpenTelemetry's tracer and instruments of this process."""

from collections.abc import Callable, Iterator, Sequence

from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider

from domain.tracing import Gauge

SCOPE = "sendcode"
LAST_EXPORT_MILLISECONDS = 2000
"""How long a process that ends waits for the collector, for spans and again for metrics."""
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""Seconds, as the standard wants them: https://opentelemetry.io/docs/specs/semconv/http/http-metrics/"""
GAUGES = {
    "sendcode.messages": "Messages created in the last hour.",
    "sendcode.verifications": "Verifications whose code is valid or expired in the last hour.",
    "sendcode.messages.waiting": "Messages not settled yet.",
    "sendcode.oldest_due": "Seconds by which the oldest due message is late.",
    "sendcode.workers": "Workers seen in the last 15 s.",
}
"""As at /metrics."""


class Kit:
    """What spans and counts are made with."""

    def __init__(self, traces: TracerProvider, meters: MeterProvider):
        self._traces, self._meters = traces, meters
        self._is_closed = False
        self.tracer = traces.get_tracer(SCOPE)
        self._meter = meters.get_meter(SCOPE)
        self.requests = self._meter.create_histogram(
            "http.server.request.duration",
            unit="s",
            description="Duration of HTTP requests.",
            explicit_bucket_boundaries_advisory=BUCKETS,
        )
        self.calls = self._meter.create_histogram(
            "sendcode.gateway.duration",
            unit="s",
            description="Duration of calls of gateways.",
            explicit_bucket_boundaries_advisory=BUCKETS,
        )
        self.tries = self._meter.create_counter(
            "sendcode.tries", unit="{try}", description="Tries of messages, by how they ended."
        )

    def watch(self, look: Callable[[], Sequence[Gauge]]) -> None:
        """Ask `look` for the gauges whenever metrics are exported."""
        for name, description in GAUGES.items():
            self._meter.create_observable_gauge(name, [_reader(name, look)], description=description)

    def close(self) -> None:
        """Export what was not exported yet; what comes later is lost."""
        if not self._is_closed:
            self._is_closed = True
            self._traces.shutdown()
            self._meters.shutdown(LAST_EXPORT_MILLISECONDS)


def _reader(
    name: str, look: Callable[[], Sequence[Gauge]]
) -> Callable[[CallbackOptions], Iterator[Observation]]:
    def read(_: CallbackOptions) -> Iterator[Observation]:
        return (Observation(one.value, dict(one.labels)) for one in look() if one.name == name)

    return read

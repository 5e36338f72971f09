"""Spans and metrics of requests, commits, claims, tries and gateways. None has a destination, a code or a text."""

import atexit
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager

from opentelemetry.context import Context
from opentelemetry.trace import (
    Link,
    Span,
    SpanKind,
    StatusCode,
    format_span_id,
    format_trace_id,
    get_current_span,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from domain.tracing import Ended, Gauge, Tracing, Try
from services.telemetry import export
from services.telemetry.kit import Kit

TRACEPARENT = "traceparent"
_propagator = TraceContextTextMapPropagator()


class Telemetry(Tracing):
    """Is set up with the first span, so that a command that makes none starts no thread, and closed at the exit."""

    is_on = True

    def __init__(self, make: Callable[[], Kit]):
        self._make = make
        self._made: Kit | None = None
        self._lock = threading.Lock()
        atexit.register(self.close)

    @property
    def kit(self) -> Kit:
        """What this process makes spans and counts with; after a fork the SDK starts its threads again."""
        if self._made is None:
            with self._lock:
                self._made = self._made or self._make()
        return self._made

    def here(self) -> str | None:
        """Return this thread's place in its trace."""
        carrier: dict[str, str] = {}
        _propagator.inject(carrier)
        return carrier.get(TRACEPARENT)

    def log_ids(self) -> Mapping[str, str]:
        """Return the ids as other tools write them: https://opentelemetry.io/docs/specs/otel/compatibility/logging_trace_context/"""
        place = get_current_span().get_span_context()
        if not place.is_valid:
            return {}
        return {"trace_id": format_trace_id(place.trace_id), "span_id": format_span_id(place.span_id)}

    def commit(self) -> AbstractContextManager[None]:
        """Make a span inside another one; alone it would be a trace of one statement."""
        return self._commit()

    @contextmanager
    def _commit(self) -> Iterator[None]:
        if not get_current_span().get_span_context().is_valid:
            yield
            return
        with self._span("commit", SpanKind.INTERNAL, {}):
            yield

    def claimed(self, lane: str, traceparents: Iterable[str | None], seconds: float) -> None:
        """Make a span of its own trace, linked to those of the messages."""
        ended = time.time_ns()
        places = [_place(one) for one in traceparents]
        links = [Link(get_current_span(place).get_span_context()) for place in places if place]
        span = self.kit.tracer.start_span(
            f"claim {lane}",
            context=Context(),
            kind=SpanKind.CONSUMER,
            attributes={"sendcode.lane": lane, "messaging.batch.message_count": len(places)},
            links=links,
            start_time=ended - round(seconds * 1e9),
        )
        span.end(ended)

    @contextmanager
    def sending(self, one: Try) -> Iterator[Ended]:
        """Make a span in the trace of the request that made the message."""
        attributes: dict[str, AttributeValue] = {
            "messaging.message.id": one.message_id,
            "sendcode.channel": one.channel,
            "sendcode.try": one.number,
        }
        place = _place(one.traceparent) or Context()
        with self._span(f"try {one.channel}", SpanKind.CONSUMER, attributes, place) as span:

            def ended(status: str, gateway: str | None) -> None:
                how = {"sendcode.status": status} | ({"sendcode.gateway": gateway} if gateway else {})
                span.set_attributes(how)
                self.kit.tries.add(1, {"sendcode.channel": one.channel, **how})

            yield ended

    @contextmanager
    def asking(self, gateway: str, channel: str) -> Iterator[None]:
        """Make a span of a call, and count how long it took."""
        labels = {"sendcode.gateway": gateway, "sendcode.channel": channel}
        began = time.monotonic()
        try:
            with self._span(f"gateway {gateway}", SpanKind.CLIENT, labels):
                yield
        except Exception as error:
            labels["error.type"] = type(error).__name__
            raise
        finally:
            self.kit.calls.record(time.monotonic() - began, labels)

    def watch(self, look: Callable[[], Sequence[Gauge]]) -> None:
        """Export the gauges of the installation, too."""
        self.kit.watch(look)

    def reaches_collector(self, seconds: float) -> bool:
        """Tell whether the collector takes an empty batch of spans; true where spans are not exported."""
        return export.reaches_collector(seconds)

    def close(self) -> None:
        """Export the rest, and wait for it no longer than four seconds."""
        if self._made is not None:
            self._made.close()

    @contextmanager
    def _span(
        self,
        name: str,
        kind: SpanKind,
        attributes: Mapping[str, AttributeValue],
        place: Context | None = None,
    ) -> Iterator[Span]:
        """Make a span that tells the type of an error only: its text may hold a destination."""
        with self.kit.tracer.start_as_current_span(
            name, place, kind, attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield span
            except Exception as error:
                note_error(span, type(error).__name__)
                raise


def note_error(span: Span, kind: str) -> None:
    """Mark a span as failed."""
    span.set_attribute("error.type", kind)
    span.set_status(StatusCode.ERROR)


def _place(traceparent: str | None) -> Context | None:
    """Return the place that a row tells; None where it tells none."""
    if not traceparent:
        return None
    return _propagator.extract({TRACEPARENT: traceparent}, Context())

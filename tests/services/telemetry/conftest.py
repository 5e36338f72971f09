"""Telemetry that is kept in memory."""

from collections.abc import Iterator, Sequence

import pytest
from flask import Flask
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from domain import tracing
from services.telemetry import requests
from services.telemetry.kit import Kit
from services.telemetry.spans import Telemetry
from tests.api.conftest import Caller, new_caller


@pytest.fixture
def doors() -> Sequence[str]:
    """A trace begins with a request."""
    return ("api",)


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def metrics() -> InMemoryMetricReader:
    return InMemoryMetricReader()


@pytest.fixture
def telemetry(app: Flask, spans: InMemorySpanExporter, metrics: InMemoryMetricReader) -> Iterator[Telemetry]:
    """Switched on for `app`."""
    traces = TracerProvider(shutdown_on_exit=False)
    traces.add_span_processor(SimpleSpanProcessor(spans))
    meters = MeterProvider([metrics], shutdown_on_exit=False)
    telemetry = Telemetry(lambda: Kit(traces, meters))
    requests.init_app(app, telemetry)
    tracing.use(telemetry)
    yield telemetry
    tracing.use()
    telemetry.close()


@pytest.fixture
def caller(app: Flask) -> Caller:
    return new_caller(app)

"""Spans of web and worker reach a collector over HTTP, and nothing waits for one that is gone."""

import json
import time

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.live.installation import phone
from tests.live.processes import wait_until
from tests.pools import GREEN
from tests.servers.http import Answer, HttpGatewayServer
from tests.servers.thread import closed_port

pytestmark = pytest.mark.slow


def settings(port):
    return {
        "TELEMETRY": 1,
        "LOG_FORMAT": "json",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=tests",
        "OTEL_BSP_SCHEDULE_DELAY": 100,
    }


@pytest.fixture
def collector():
    """A receiver of OTLP over HTTP: https://opentelemetry.io/docs/specs/otlp/#otlphttp"""
    with HttpGatewayServer() as server:
        server.usual = Answer(200, b"", {"Content-Type": "application/x-protobuf"})
        yield server


def exported(collector, path, kind):
    for call in list(collector.calls):
        if call.target == path:
            assert call.headers["content-type"] == "application/x-protobuf"
            yield kind.FromString(call.body)


def spans(collector):
    """Return each span with the id of the process that told of it."""
    return [
        (
            span,
            next(
                one.value.string_value for one in told.resource.attributes if one.key == "service.instance.id"
            ),
        )
        for request in exported(collector, "/v1/traces", ExportTraceServiceRequest)
        for told in request.resource_spans
        for scope in told.scope_spans
        for span in scope.spans
    ]


def metrics(collector):
    return {
        metric.name
        for request in exported(collector, "/v1/metrics", ExportMetricsServiceRequest)
        for told in request.resource_metrics
        for scope in told.scope_metrics
        for metric in scope.metrics
    }


@pytest.mark.parametrize("pool", ["threads", "prefork", *GREEN])
def test_a_click_is_one_trace_of_two_processes(make, collector, pool, tmp_path):
    installation = make(**settings(collector.port))
    with installation.web(processes=1), installation.worker(pool, None, "-c", "1"):
        installation.api().issue(phone(1), "sms")
        wait_until(lambda: any(span.name.startswith("gateway") for span, _ in spans(collector)))
        wait_until(lambda: any(span.name.startswith("POST") for span, _ in spans(collector)))
    found = {span.name: (span, process) for span, process in spans(collector)}
    request, web = found["POST /api/v1/verifications"]
    call, worker = next(one for name, one in found.items() if name.startswith("gateway "))
    assert call.trace_id == request.trace_id
    assert web != worker
    claim, _ = found["claim sms"]
    assert [link.trace_id for link in claim.links] == [request.trace_id]
    assert {"http.server.request.duration", "sendcode.tries", "sendcode.messages.waiting"} <= metrics(
        collector
    )
    (log,) = tmp_path.rglob("worker-*.log")
    lines = [
        json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if "message_id" in line
    ]
    assert {line["trace_id"] for line in lines} == {request.trace_id.hex()}
    assert phone(1).encode() not in b"".join(one.body for one in collector.calls)


def test_a_collector_that_is_gone_delays_neither_a_code_nor_the_end(make):
    installation = make(**settings(closed_port()))
    with installation.web(processes=1):
        with installation.worker("threads", None) as worker:
            installation.api().issue(phone(1), "sms")
            wait_until(lambda: set(installation.statuses()) == {"sent"}, 30)
            began = time.monotonic()
        assert worker.exit_code == 0
        assert time.monotonic() - began < 10
        began = time.monotonic()
    assert time.monotonic() - began < 10

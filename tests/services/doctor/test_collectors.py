import pytest

from domain import tracing
from services.doctor.collectors import check_collector
from services.telemetry import export
from services.telemetry.spans import Telemetry
from tests.servers.http import Answer, HttpGatewayServer
from tests.servers.thread import closed_port


@pytest.fixture
def telemetry(app):
    app.config["TELEMETRY"] = True
    tracing.use(Telemetry(export.kit))
    yield
    tracing.use()


def check(monkeypatch, port):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
    return [(finding.level.value, finding.text) for finding in check_collector()]


def test_without_telemetry_there_is_nothing_to_check(context):
    assert list(check_collector()) == []


@pytest.mark.usefixtures("telemetry", "context")
def test_a_collector_that_answers_is_found(monkeypatch):
    with HttpGatewayServer() as collector:
        assert check(monkeypatch, collector.port) == [("ok", "the collector answers")]
        assert collector.calls[0].target == "/v1/traces"
        collector.usual = Answer(401, b"")
        ((level, text),) = check(monkeypatch, collector.port)
        assert level == "warn"
        assert "OTEL_EXPORTER_OTLP_ENDPOINT" in text


@pytest.mark.slow
@pytest.mark.usefixtures("telemetry", "context")
def test_a_collector_that_is_gone_is_a_warning(monkeypatch):
    assert [level for level, _ in check(monkeypatch, closed_port())] == ["warn"]
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    assert [level for level, _ in check(monkeypatch, closed_port())] == ["ok"]

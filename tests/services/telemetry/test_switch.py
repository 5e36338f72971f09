"""TELEMETRY switches it on; without, the library is not even imported."""

import pytest

from domain.errors import ConfigurationError
from services.telemetry import export
from tests.fresh import run_fresh

PARTS = ("opentelemetry.exporter", "google.protobuf", "services.telemetry")
"""redis-py imports opentelemetry itself, with its SDK, where it finds it."""
PROGRAM = f"""
import os, sys
from app import create_app
import tasks
create_app()
print(*[name for name in {PARTS} if name in sys.modules])
os.environ["TELEMETRY"] = "1"
create_app()
print(*[name for name in {PARTS} if name in sys.modules])
"""
"""Makes an application without telemetry, then one with it; prints what is imported after each."""
MISSING = "import sys\nsys.modules['opentelemetry'] = None\n"


@pytest.mark.slow
def test_it_is_imported_where_it_is_on_and_nothing_while_it_is_off(tmp_path):
    done = run_fresh(PROGRAM, tmp_path)
    assert done.stdout.split("\n") == ["", " ".join(PARTS), ""], done.stderr
    assert done.returncode == 0


@pytest.mark.slow
def test_a_missing_library_is_missed_and_named_only_where_it_is_on(tmp_path):
    done = run_fresh(MISSING + PROGRAM, tmp_path)
    assert (done.returncode, done.stdout) == (1, "\n"), done.stderr
    assert "requirements/telemetry.txt" in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_TRACES_EXPORTER", "zipkin"),
        ("OTEL_METRICS_EXPORTER", "prometheus"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
    ],
)
def test_what_only_others_could_do_is_refused_at_the_start(name, value):
    with pytest.raises(ConfigurationError, match=name):
        export.check({name: value})
    export.check({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"})


def test_the_service_has_a_name_unless_the_operator_gives_another(monkeypatch):
    monkeypatch.delenv("OTEL_SERVICE_NAME", raising=False)
    assert export._resource().attributes["service.name"] == "sendcode"
    assert export._resource().attributes["service.instance.id"]
    monkeypatch.setenv("OTEL_SERVICE_NAME", "codes")
    assert export._resource().attributes["service.name"] == "codes"

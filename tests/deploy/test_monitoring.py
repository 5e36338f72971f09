"""Alerts and dashboard: valid, and about metrics that /metrics has."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from domain.alarms import Kind
from domain.statuses import Channel, Lane, MessageStatus, VerificationStatus
from tests.deploy.files import DEPLOY, documents, run, tool

MONITORING = DEPLOY / "monitoring"
METRIC = re.compile(r"\bsendcode[_:][a-z_:]+")
LABEL = re.compile(r'(\w+)(?:=~|!=|=)"([^"]*)"')
VALUES = {
    "channel": {*Channel},
    "kind": {*Kind},
    "lane": {*Lane},
    "status": {*MessageStatus, *VerificationStatus},
}


def rules() -> list[dict[str, str]]:
    (document,) = documents(MONITORING / "alerts.yaml")
    return [rule for group in document["groups"] for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((MONITORING / "grafana.json").read_text(encoding="utf-8"))
    return found


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in rules())
    for panel in dashboard()["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    (adapter,) = documents(MONITORING / "prometheus-adapter.yaml")
    yield from (rule["metricsQuery"] for rule in adapter["rules"]["external"])


def test_every_metric_that_is_named_is_one_of_ours(client: FlaskClient) -> None:
    families = list(text_string_to_metric_families(client.get("/metrics").text))
    told = {family.name for family in families} | {rule["record"] for rule in rules() if "record" in rule}
    named = {name for expression in expressions() for name in METRIC.findall(expression)}
    assert named <= told
    assert named >= {family.name for family in families}, "a metric that nobody looks at"
    known = {label for family in families for sample in family.samples for label in sample.labels}
    for expression in expressions():
        for label, values in LABEL.findall(expression):
            assert label in known
            assert set(values.split("|")) <= VALUES[label]


def test_every_alert_says_what_to_do() -> None:
    alerts = [rule for rule in rules() if "alert" in rule]
    assert len(alerts) >= 5
    for alert in alerts:
        assert set(alert["annotations"]) == {"summary", "action"}
        assert alert["labels"]["severity"] in ("page", "ticket")


def test_the_dashboard_is_one_that_grafana_takes() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        assert panel["title"]
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${source}"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("check", "rules", "alerts.yaml"),
        ("test", "rules", "alerts_test.yaml"),
        ("check", "config", "prometheus.yaml"),
    ],
    ids=" ".join,
)
def test_promtool_finds_nothing(words: tuple[str, ...]) -> None:
    done = run(tool("promtool"), *words, cwd=MONITORING)
    assert done.returncode == 0, done.stdout + done.stderr

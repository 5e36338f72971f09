"""Alertmanager and Grafana: one notice a group to each destination, firing and resolved, without repeats."""

import json
import os
import shutil
import subprocess
import time
import urllib.request

import pytest

from devtools.live.process import free_port
from devtools.live.thread_server import serving
from tests.hooks.conftest import PHONE

MAIL = "ops@example.org"


def alert(name="db1", status="firing", **annotations):
    return {
        "status": status,
        "labels": {"alertname": "Down", "instance": name, "severity": "critical"},
        "annotations": annotations or {"summary": f"Database {name} does not answer"},
        "startsAt": "2026-01-02T03:04:05.678Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus:9090/graph?g0.expr=up",
        "fingerprint": f"f0{name}",
    }


def group(*alerts, status="firing", **fields):
    return {
        "version": "4",
        "groupKey": '{}:{alertname="Down"}',
        "truncatedAlerts": 0,
        "status": status,
        "receiver": "sendcode",
        "groupLabels": {"alertname": "Down", "cluster": "eu"},
        "commonLabels": {"alertname": "Down", "severity": "critical"},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager:9093",
        "alerts": list(alerts),
        **fields,
    }


@pytest.fixture
def manager(server):
    return server("alertmanager", destinations=[PHONE, MAIL])


def post(manager, body, secret=None):
    return manager.post(body, {"Authorization": f"Bearer {secret or manager.secret}"})


def test_a_group_is_one_notice_to_each_destination(manager, sms, mails):
    assert post(manager, group(alert("db1"), alert("db2"))).json == {}
    said = "Database db1 does not answer\nDatabase db2 does not answer"
    assert [one.text for one in sms.sent] == [f"[FIRING:2] Down eu\n{said}"]
    assert [(one.to, one.subject, one.text) for one in mails.sent] == [(MAIL, "[FIRING:2] Down eu", said)]


def test_firing_and_resolved_are_told_and_repeats_are_not(manager, sms):
    for _ in range(3):
        post(manager, group(alert()))
    for _ in range(3):
        post(manager, group(alert(status="resolved"), status="resolved"))
    post(manager, group(alert()))
    heads = [one.text.partition("\n")[0] for one in sms.sent]
    assert heads == ["[FIRING:1] Down eu", "[RESOLVED] Down eu", "[FIRING:1] Down eu"]


def test_another_alert_of_the_group_is_told_in_any_order(manager, sms):
    post(manager, group(alert("db1")))
    post(manager, group(alert("db1"), alert("db2")))
    post(manager, group(alert("db2"), alert("db1")))
    post(manager, group(alert("db1", "resolved"), alert("db2")))
    assert len(sms.sent) == 3
    assert "resolved: Database db1 does not answer" in sms.sent[2].text


def test_groups_are_told_apart(manager, sms):
    post(manager, group(alert()))
    post(manager, group(alert(), groupKey="another"))
    assert len(sms.sent) == 2


def test_grafana_brings_its_own_title(manager, sms, mails):
    body = group(
        alert(description="Up for long"),
        title="[FIRING:1] Grafana (Down)",
        message="**Firing**\nmuch text",
        state="alerting",
        orgId=1,
    )
    assert manager.post(body, auth=("grafana", manager.secret)).status_code == 200
    assert mails.sent[0].subject == "[FIRING:1] Grafana (Down)"
    assert sms.sent[0].text == "[FIRING:1] Grafana (Down)\nUp for long (db1)"


def test_many_alerts_fit_into_a_short_sms(manager, sms, mails):
    post(manager, group(*(alert(f"db{number}") for number in range(200)), truncatedAlerts=7))
    assert len(sms.sent[0].text) <= 480
    assert sms.sent[0].text.rpartition("\n")[2].startswith("+")
    assert mails.sent[0].text.endswith("+7") or "+" in mails.sent[0].text


def test_a_wrong_credential_is_401_and_no_row(manager, rows):
    assert post(manager, group(alert()), "wrong").status_code == 401
    assert rows() == 0


@pytest.mark.parametrize("body", [{}, {"alerts": []}, {"alerts": "x"}, {"alerts": [1]}, []])
def test_what_is_no_group_is_422(manager, rows, body):
    assert post(manager, body).status_code == 422
    assert rows() == 0


def test_a_country_that_was_switched_off_since_does_not_stop_the_others(app, manager, mails, sms):
    app.config["SMS_COUNTRIES"] = ["DE"]
    assert post(manager, group(alert())).status_code == 200
    assert (len(mails.sent), len(sms.sent)) == (1, 0)


ALERTMANAGER = os.environ.get("ALERTMANAGER", shutil.which("prometheus-alertmanager") or "")
"""The program itself."""


@pytest.mark.slow
@pytest.mark.skipif(not ALERTMANAGER, reason="Alertmanager is not installed")
def test_the_real_alertmanager_is_served(manager, app, sms, tmp_path):
    with serving(app) as url:
        receiver = {
            "name": "ours",
            "webhook_configs": [
                {
                    "url": f"{url}/hooks/{manager.id}",
                    "http_config": {"authorization": {"type": "Bearer", "credentials": manager.secret}},
                }
            ],
        }
        route = {"receiver": "ours", "group_by": ["alertname"], "group_wait": "0s", "group_interval": "1s"}
        config = tmp_path / "alertmanager.yml"
        config.write_text(json.dumps({"route": {**route, "repeat_interval": "1s"}, "receivers": [receiver]}))
        port = free_port()
        command = [ALERTMANAGER, f"--config.file={config}", f"--storage.path={tmp_path / 'data'}"]
        command += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
            try:
                alerts = f"http://127.0.0.1:{port}/api/v2/alerts"
                fire = [{"labels": {"alertname": "Down"}, "annotations": {"summary": "db1 is down"}}]
                until(lambda: posted(alerts, fire))
                until(lambda: len(sms.sent) == 1)
                time.sleep(3)  # it repeats every second
                assert len(sms.sent) == 1
                assert posted(alerts, [{**fire[0], "endsAt": "2026-01-01T00:00:00Z"}])
                until(lambda: len(sms.sent) == 2)
            finally:
                running.terminate()
    assert [one.text for one in sms.sent] == ["[FIRING:1] Down\ndb1 is down", "[RESOLVED] Down\ndb1 is down"]


def posted(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def until(happened, seconds=30):
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)

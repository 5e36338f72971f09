"""Prometheus Alertmanager (webhook version 4), and Grafana's contact point "Webhook", which posts the same and more."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from domain.errors import FieldProblem, InvalidInput
from hooks.bodies import inner, json_object, text
from hooks.senders.base import Sender, json_post
from services.hooks import alerts
from services.hooks.alerts import Group
from services.hooks.exchange import Incoming
from services.hooks.hook_views import HookView
from services.hooks.trials import Trial

SAID_BY = ("summary", "description", "message")
"""Annotations that say what an alert means, the best first."""
TOLD_BY = ("instance", "service", "job")


class Alertmanager(Sender):
    """Alertmanager and Grafana."""

    def take(self, hook: HookView, incoming: Incoming) -> None:
        """Queue a notice to each destination of the hook."""
        alerts.send(hook, group_of(json_object(incoming)))

    def sample(self, trial: Trial, secret: str) -> Incoming:
        """Return a group with one alert that fires."""
        alert = {
            "status": "firing",
            "labels": {"alertname": "SendcodeTest", "severity": "info"},
            "annotations": {"summary": "A test from the console of Sendcode"},
            "startsAt": trial.at.isoformat(),
            "fingerprint": trial.id[:16],
        }
        body = {
            "version": "4",
            "groupKey": f"test:{trial.id}",
            "status": "firing",
            "receiver": "sendcode",
            "groupLabels": {"alertname": "SendcodeTest"},
            "commonLabels": alert["labels"],
            "commonAnnotations": alert["annotations"],
            "alerts": [alert],
        }
        return json_post(body, {"authorization": f"Bearer {secret}"})


def group_of(body: Mapping[str, Any]) -> Group:
    """Return a group; raises InvalidInput where it has no alerts. Without a `groupKey` its labels are the key."""
    found = body.get("alerts")
    members = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    if not members:
        raise InvalidInput(FieldProblem("alerts", "must be a list of alerts"))
    status = text(body.get("status")) or "firing"
    key = text(body.get("groupKey")) or _hash([inner(body, "groupLabels"), text(body.get("receiver"))])
    state = [status, *sorted(f"{_fingerprint(one)}={text(one.get('status')) or status}" for one in members)]
    return Group(key, _title(body, status, members), list(_lines(body, status, members)), state)


def _title(body: Mapping[str, Any], status: str, members: Sequence[Mapping[str, Any]]) -> str:
    told = text(body.get("title"))
    if told:
        return told
    firing = sum((text(one.get("status")) or status) == "firing" for one in members)
    head = f"[FIRING:{firing}]" if status == "firing" else f"[{status.upper()}]"
    labels = {**inner(body, "commonLabels"), **inner(body, "groupLabels")}
    name = text(labels.get("alertname")) or text(inner(members[0], "labels").get("alertname"))
    others = [text(value) for label, value in inner(body, "groupLabels").items() if label != "alertname"]
    return " ".join(word for word in (head, name, *others) if word)


def _lines(body: Mapping[str, Any], status: str, members: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in members:
        now = text(one.get("status")) or status
        labels, notes = inner(one, "labels"), inner(one, "annotations")
        said = next((found for name in SAID_BY if (found := text(notes.get(name)))), "")
        where = next((found for name in TOLD_BY if (found := text(labels.get(name)))), "")
        name = said or text(labels.get("alertname")) or "alert"
        line = f"{name} ({where})" if where and where not in name else name
        yield " ".join((line if now == status else f"{now}: {line}").split())[:500]
    truncated = body.get("truncatedAlerts")
    if type(truncated) is int and truncated > 0:
        yield f"+{truncated}"


def _fingerprint(alert: Mapping[str, Any]) -> str:
    return text(alert.get("fingerprint")) or _hash(inner(alert, "labels"))


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]

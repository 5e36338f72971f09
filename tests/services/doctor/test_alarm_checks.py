"""The doctor names what the banners show, in English and without people's names."""

import pytest

from channels.memory import MemoryGateway
from channels.registry import Gateways
from domain.statuses import Channel
from exts import db
from services.audit.trail import Actor
from services.doctor import alarm_checks
from services.doctor.findings import Level
from services.gateways import gateway_switches
from services.gateways.gateway_health import GatewayHealth
from services.process import parts

pytestmark = pytest.mark.usefixtures("context")


def found():
    return [(one.level, one.text) for one in alarm_checks.check_delivery()]


def test_nothing_is_wrong_where_only_processes_are_missing():
    ((level, _),) = found()
    assert level is Level.OK


def test_each_alarm_is_a_line(app, sms, mails, monkeypatch):
    parts.put(app, Gateways([sms, mails, MemoryGateway("spare", Channel.EMAIL)]))
    gateway_switches.switch_off("memory-sms", is_meant=True, by=Actor(7, "kim@example.org"))
    monkeypatch.setattr(GatewayHealth, "tells_of_all", lambda _, name: name == "spare")
    assert found() == [
        (Level.WARN, "SMS gateways are switched off"),
        (Level.WARN, "Gateway “spare” is down"),
    ]


def test_a_database_that_does_not_answer_is_no_failure_of_this_check():
    db.drop_all()
    ((level, text),) = found()
    assert (level, "database" in text) == (Level.WARN, True)

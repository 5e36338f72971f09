"""The gateways that messages went through."""

from datetime import UTC, datetime, timedelta

import pytest

from channels.registry import Gateways
from domain.owners import Owner
from domain.statuses import Channel
from services.figures import rollups
from services.messaging import messages
from services.process import parts
from services.traffic import gateway_names

pytestmark = pytest.mark.usefixtures("context")


def test_gateways_of_the_file_come_first_then_those_of_the_past(app, sms, mails):
    for name in ("zeta", "alpha", "memory-sms"):
        sms.name = name
        messages.send(messages.Request(Channel.SMS, "+8613800138000", text="Hello"), Owner("key:a"))
    parts.put(app, Gateways([mails]))
    assert gateway_names.everything() == ["memory-mail", "alpha", "memory-sms", "zeta"]


def test_messages_that_no_gateway_took_name_none(app):
    parts.put(app, Gateways([]))
    messages.send(messages.Request(Channel.SMS, "+8613800138000", text="Hello"), Owner("key:a"))
    assert gateway_names.everything() == []


def test_a_gateway_is_known_after_its_messages_were_deleted(app, sms, mails, monkeypatch):
    sms.name = "long-gone"
    messages.send(messages.Request(Channel.SMS, "+8613800138000", text="Hello"), Owner("key:a"))
    rollups.roll_up(datetime.now(UTC) + timedelta(hours=2))
    parts.put(app, Gateways([mails]))
    monkeypatch.setattr(gateway_names, "NEWEST", 0)
    assert gateway_names.everything() == ["memory-mail", "long-gone"]

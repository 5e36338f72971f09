"""What keeps messages from being sent, on every database."""

from datetime import UTC, datetime, timedelta

import pytest

from channels.memory import MemoryGateway
from channels.registry import Gateways
from domain.statuses import Channel
from exts import db
from models import Message, PrefixClosure
from services.audit.trail import Actor
from services.gateways import alarms, gateway_gaps, gateway_switches
from services.gateways.gateway_health import GatewayHealth
from services.process import parts
from services.process.housekeeping import say_alive

pytestmark = pytest.mark.usefixtures("context")
KIM = Actor(7, "kim@example.org")


def test_an_idle_installation_has_no_worker():
    seen = alarms.look()
    assert (seen.has_gateway, seen.gaps, seen.has_worker, seen.closed_prefixes) == (True, (), False, 0)


def test_a_worker_is_seen_for_a_few_seconds():
    now = datetime.now(UTC)
    say_alive(db.engine, "worker", ["sms"], now)
    assert alarms.look(now).has_worker
    assert not alarms.look(now + timedelta(minutes=1)).has_worker


def test_a_beat_is_no_worker():
    say_alive(db.engine, "beat", [], datetime.now(UTC))
    assert not alarms.look().has_worker


def test_a_gap_names_who_made_it_last_whatever_else_was_changed_since(app, sms, mails):
    parts.put(app, Gateways([sms, MemoryGateway("spare"), mails]))
    gateway_switches.switch_off("spare")
    gateway_switches.switch_off("memory-sms", is_meant=True, by=KIM)
    gateway_switches.set_weight("memory-sms", 5)
    (gap,) = alarms.look().gaps
    assert (gap.channel, gap.only, gap.but) == (Channel.SMS, (), ())
    assert [(one.name, one.by) for one in gap.off] == [("memory-sms", KIM.name), ("spare", "command line")]
    gateway_switches.switch_on("spare")
    assert alarms.look().gaps == ()


def test_a_channel_fails_when_the_breakers_of_all_its_gateways_are_open(app, sms, mails, monkeypatch):
    parts.put(app, Gateways([sms, MemoryGateway("spare"), mails]))
    is_open = {"memory-sms"}
    monkeypatch.setattr(GatewayHealth, "tells_of_all", lambda _, name: name in is_open)
    assert alarms.look().failing == ()
    gateway_switches.switch_off("spare", is_meant=True)
    assert alarms.look().failing == (Channel.SMS,)
    gateway_switches.switch_on("spare")
    assert alarms.look().failing == ()
    is_open |= {"spare", "memory-mail"}
    assert alarms.look().failing == (Channel.SMS, Channel.EMAIL)
    gateway_switches.switch_off("spare", is_meant=True)
    gateway_switches.switch_off("memory-sms", is_meant=True)
    assert alarms.look().failing == (Channel.EMAIL,)


def test_without_shared_breakers_nobody_knows(monkeypatch):
    monkeypatch.setattr(GatewayHealth, "tells_of_all", lambda _, name: None)
    assert alarms.look().failing == ()


def test_a_look_leaves_the_objects_of_the_session_alone():
    gateway_switches.switch_off("memory-sms", is_meant=True)
    row = Message(id="x")
    db.session.add(row)
    with db.session.no_autoflush:
        alarms.look()
        assert row in db.session.new
    db.session.rollback()


@pytest.mark.parametrize(
    ("to", "is_off", "names"),
    [
        ("+8613800138000", False, ()),
        ("+4917012345678", False, None),
        ("+8613800138000", True, ("memory-sms",)),
    ],
)
def test_why_nobody_serves_one_destination(app, sms, mails, to, is_off, names):
    sms.countries = frozenset({"DE"})
    parts.put(app, Gateways([sms, mails]))
    if is_off:
        sms.countries = frozenset({"CN"})
        gateway_switches.switch_off("memory-sms", is_meant=True)
    gap = gateway_gaps.of_address(Channel.SMS, to)
    assert (gap and tuple(one.name for one in gap.off)) == names


def test_prefixes_whose_closure_has_ended_are_not_counted(app):
    now = datetime.now(UTC)
    for prefix, hours in (("+861700521", 1), ("+861700522", -1)):
        values = {"times": 1, "sends": 40, "approved": 0, "closed_at": now - timedelta(hours=2)}
        db.session.add(
            PrefixClosure(prefix=prefix, country="CN", until=now + timedelta(hours=hours), **values)
        )
    db.session.commit()
    assert alarms.look().closed_prefixes == 1
    app.config["PUMPING_GUARD_DRY_RUN"] = True
    assert alarms.look().closed_prefixes == 0

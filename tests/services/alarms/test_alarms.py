"""What keeps messages from being sent, on every database."""

from datetime import UTC, datetime, timedelta

import pytest

from channels.memory import MemoryGateway
from channels.registry import Gateways
from domain.alarms import Kind
from domain.statuses import Channel
from exts import db
from models import Message, PrefixClosure
from services.alarms import conditions
from services.audit.trail import Actor
from services.codes import verifications
from services.codes.verifications import Request
from services.gateways import gateway_gaps, gateway_switches
from services.gateways.gateway_health import GatewayHealth
from services.messaging import broadcasts
from services.messaging.broadcasts import Request as BroadcastRequest
from services.outbox.bell import Bell
from services.process import parts
from services.process.freshness import STORE
from services.process.housekeeping import say_alive
from services.process.parts import part

pytestmark = pytest.mark.usefixtures("context")
KIM = Actor(7, "kim@example.org")


def look(now=None):
    """Return what is wrong besides the missing worker and clock of most tests."""
    missing = (Kind.NO_WORKER, Kind.LANE_UNTAKEN, Kind.NO_CLOCK)
    return [one for one in conditions.look(now) if one.kind not in missing]


def kinds(now=None):
    return [one.kind for one in conditions.look(now) if not one.is_implied]


@pytest.fixture
def is_open(monkeypatch):
    """The names of the gateways whose shared breakers are open."""
    names = set()
    monkeypatch.setattr(GatewayHealth, "tells_of_all", lambda _, name: name in names)
    return names


@pytest.fixture
def forgetful(app):
    """Let no look at the budgets be remembered."""
    return lambda: app.extensions.get(STORE, {}).clear()


def test_an_idle_installation_has_no_worker_and_no_clock():
    assert kinds() == [Kind.NO_WORKER, Kind.NO_CLOCK]


def test_a_process_is_seen_for_a_few_seconds():
    now = datetime.now(UTC)
    say_alive(db.engine, "worker", ["sms", "email"], now)
    assert kinds(now) == [Kind.NO_CLOCK]
    assert kinds(now + timedelta(minutes=1)) == [Kind.NO_WORKER, Kind.NO_CLOCK]
    say_alive(db.engine, "beat", [], now)
    assert kinds(now) == []


def untaken(now):
    """Return the lanes that no worker takes, and whether there is no worker at all."""
    (alarm,) = [one for one in conditions.look(now) if one.kind is Kind.LANE_UNTAKEN]
    return alarm.about.lanes, alarm.is_implied


def test_a_lane_that_is_used_needs_a_worker(app, sms, owner, monkeypatch):
    now = datetime.now(UTC)
    assert untaken(now) == (("sms", "email"), True)
    say_alive(db.engine, "worker", ["bulk"], now)
    assert untaken(now) == (("sms", "email"), False)
    parts.put(app, Gateways([sms]))
    assert untaken(now) == (("sms",), False), "without a mail gateway nobody needs a worker for mails"
    say_alive(db.engine, "worker", ["sms"], now)
    assert kinds(now) == [Kind.NO_CLOCK], "nor one for bulk before there is a broadcast"
    monkeypatch.setattr(Bell, "ring", lambda *_: None)
    recipients = [{"to": "+8613800138000"}]
    broadcasts.start(BroadcastRequest(channel=Channel.SMS, text="hi", recipients=recipients), owner)
    assert untaken(datetime.now(UTC)) == (("bulk",), False)


def test_a_gap_names_who_made_it_last_whatever_else_was_changed_since(app, sms, mails):
    parts.put(app, Gateways([sms, MemoryGateway("spare"), mails]))
    gateway_switches.switch_off("spare")
    gateway_switches.switch_off("memory-sms", is_meant=True, by=KIM)
    gateway_switches.set_weight("memory-sms", 5)
    (alarm,) = look()
    gap = alarm.about
    assert (alarm.kind, alarm.subject, alarm.since) == (Kind.SWITCHED_OFF, "sms", gap.off[0].at)
    assert (gap.channel, gap.only, gap.but) == (Channel.SMS, (), ())
    assert [(one.name, one.by) for one in gap.off] == [("memory-sms", KIM.name), ("spare", "command line")]
    gateway_switches.switch_on("spare")
    assert look() == []


def failing():
    return [one.subject for one in look() if one.kind is Kind.ALL_FAIL]


def test_a_channel_fails_when_the_breakers_of_all_its_gateways_are_open(app, sms, mails, is_open):
    parts.put(app, Gateways([sms, MemoryGateway("spare"), mails]))
    is_open.add("memory-sms")
    assert failing() == []
    gateway_switches.switch_off("spare", is_meant=True)
    assert failing() == ["sms"]
    gateway_switches.switch_on("spare")
    assert failing() == []
    is_open |= {"spare", "memory-mail"}
    assert failing() == ["sms", "email"]
    gateway_switches.switch_off("spare", is_meant=True)
    gateway_switches.switch_off("memory-sms", is_meant=True)
    assert failing() == ["email"]


@pytest.mark.parametrize(
    ("down", "others", "told"),
    [
        ((), {"b": ()}, (("b",), None)),
        ({"CN"}, {"b": {"CN", "DE"}, "c": {"FR"}}, (("b",), None)),
        ({"CN", "FR"}, {"b": {"CN"}}, (("b",), ((), ("FR",)))),
        ({"CN"}, {"b": {"DE"}}, ((), ((), ("CN",)))),
        ((), {"b": {"DE"}, "c": {"CN"}}, (("b", "c"), (("CN", "DE"), ()))),
    ],
)
def test_a_gateway_that_is_down_tells_who_takes_its_messages(app, mails, is_open, down, others, told):
    gateways = [MemoryGateway("a", Channel.SMS, countries=frozenset(down))]
    gateways += [MemoryGateway(name, Channel.SMS, countries=frozenset(some)) for name, some in others.items()]
    parts.put(app, Gateways([*gateways, mails]))
    is_open.add("a")
    (alarm,) = look()
    assert (alarm.kind, alarm.subject, alarm.is_implied) == (Kind.GATEWAY_DOWN, "a", False)
    gap = alarm.about.gap
    assert (alarm.about.others, gap and (gap.but, gap.only)) == told


def test_a_gateway_that_is_down_says_nothing_more_where_all_fail(app, sms, mails, is_open):
    is_open.add("memory-sms")
    assert [(one.kind, one.is_implied) for one in look()] == [
        (Kind.ALL_FAIL, False),
        (Kind.GATEWAY_DOWN, True),
    ]
    gateway_switches.switch_off("memory-sms", is_meant=True)
    assert [one.kind for one in look()] == [Kind.SWITCHED_OFF], "a gateway that is off is not down"


def test_only_a_gateway_that_is_on_and_does_not_fail_is_well(app, sms, mails, is_open):
    def well(kind, subject):
        return conditions.is_well(kind, subject, part(GatewayHealth).tells_of_all)

    assert well(Kind.GATEWAY_DOWN, "memory-sms")
    assert well(Kind.ALL_FAIL, "sms")
    assert not well(Kind.GATEWAY_DOWN, "sms")
    is_open.add("memory-sms")
    assert not well(Kind.ALL_FAIL, "sms")
    assert well(Kind.SWITCHED_OFF, "email")
    gateway_switches.switch_off("memory-mail", is_meant=True)
    assert not well(Kind.GATEWAY_DOWN, "memory-mail")
    assert well(Kind.NO_WORKER, "")


def test_without_shared_breakers_nobody_knows(monkeypatch):
    monkeypatch.setattr(GatewayHealth, "tells_of_all", lambda _, name: None)
    assert look() == []
    assert not conditions.is_well(Kind.GATEWAY_DOWN, "memory-sms", part(GatewayHealth).tells_of_all)


def budgets(forgetful):
    forgetful()
    return [(one.kind, one.subject, one.about.used, one.is_implied) for one in look()]


def test_a_budget_is_nearly_used_from_four_fifths_on(app, owner, forgetful):
    app.config.update(
        SMS_SENDS_PER_DAY=5, COUNTRY_SENDS_PER_DAY={"DE": 2, "*": 100}, RESEND_COOLDOWN_SECONDS=0
    )
    nearly, used = Kind.BUDGET_NEARLY_USED, Kind.BUDGET_USED
    for number in range(4):
        assert budgets(forgetful) == []
        verifications.issue(Request(Channel.SMS, f"+861380013800{number}"), owner)
    assert budgets(forgetful) == [(nearly, "all", 4, False)]
    verifications.issue(Request(Channel.SMS, "+4915112345678"), owner)
    assert budgets(forgetful) == [(used, "all", 5, False), (nearly, "all", 5, True)]
    app.config["SMS_SENDS_PER_DAY"] = 0
    assert budgets(forgetful) == []
    app.config["COUNTRY_SENDS_PER_DAY"] = {"DE": 1}
    assert budgets(forgetful) == [(used, "DE", 1, False), (nearly, "DE", 1, True)]


def test_a_look_leaves_the_objects_of_the_session_alone():
    gateway_switches.switch_off("memory-sms", is_meant=True)
    row = Message(id="x")
    db.session.add(row)
    with db.session.no_autoflush:
        conditions.look()
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
    (alarm,) = look()
    assert (alarm.kind, alarm.about.count, alarm.about.prefix) == (Kind.PREFIXES_CLOSED, 1, "+861700521")
    assert alarm.at == now - timedelta(hours=2)
    app.config["PUMPING_GUARD_DRY_RUN"] = True
    assert look() == []

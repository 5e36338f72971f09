import time
from collections import Counter

import pytest

from channels.memory import MemoryGateway
from channels.registry import Gateways
from domain.actions import Action
from domain.errors import InvalidInput, LastGateway, NotFound
from domain.statuses import Channel, Lane, MessageStatus
from exts import db
from models import Message
from services.audit import trail
from services.codes import verifications
from services.codes.verifications import Request
from services.delivery import worker
from services.gateways import gateway_list, gateway_switches
from services.gateways.gateway_health import GatewayHealth
from services.gateways.gateway_switches import Switches
from services.process import parts

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def settings(settings):
    return {**settings, "RESEND_COOLDOWN_SECONDS": 0, "PREFIX_SENDS_PER_10_MINUTES": 0}


@pytest.fixture
def spare(app, sms, mails):
    """A second gateway for SMS, with the same weight as the first."""
    spare = MemoryGateway("spare")
    parts.put(app, Gateways([sms, spare, mails]))
    return spare


def set_now():
    found = gateway_switches.read(db.session())
    db.session.rollback()
    return found


def send(owner, last=0):
    return verifications.issue(Request(Channel.SMS, f"+861380013{8000 + last}"), owner)


def test_nothing_is_set_at_first():
    assert set_now() == Switches()


def test_off_and_on_are_kept_and_audited(spare):
    gateway_switches.switch_off("spare")
    gateway_switches.switch_off("spare")
    assert set_now() == Switches(off=frozenset({"spare"}))
    (view,) = [view for view in gateway_list.everything() if view.is_off]
    assert (view.name, view.changed_by) == ("spare", None)
    gateway_switches.switch_on("spare")
    gateway_switches.switch_on("spare")
    assert set_now() == Switches()
    assert [entry.action for entry in trail.entries().shown] == [
        Action.GATEWAY_SWITCHED_ON,
        Action.GATEWAY_SWITCHED_OFF,
    ]


def test_a_weight_is_kept_until_it_is_reset_to_the_file():
    gateway_switches.set_weight("memory-sms", 30)
    assert set_now().weights == {"memory-sms": 30}
    gateway_switches.set_weight("memory-sms", None)
    assert set_now() == Switches()
    newest = trail.entries().shown[0]
    assert (newest.before, newest.after) == ({"weight": 30}, {"weight": 100})


@pytest.mark.parametrize("weight", [-1, 1001])
def test_a_weight_has_bounds(weight):
    with pytest.raises(InvalidInput):
        gateway_switches.set_weight("memory-sms", weight)


def test_only_gateways_of_the_file_can_be_switched():
    for change in (gateway_switches.switch_off, gateway_switches.switch_on, gateway_switches.is_last):
        with pytest.raises(NotFound):
            change("nobody")


def test_the_last_one_is_switched_off_only_with_a_confirmation(spare):
    gateway_switches.switch_off("spare")
    with pytest.raises(LastGateway):
        gateway_switches.switch_off("memory-sms")
    assert not gateway_switches.is_last("spare"), "the other one is on"
    gateway_switches.switch_off("memory-sms", is_meant=True)
    assert set_now().off == {"spare", "memory-sms"}


def test_a_failing_gateway_does_not_count_as_a_replacement(spare, monkeypatch):
    assert not gateway_switches.is_last("memory-sms")
    monkeypatch.setattr(GatewayHealth, "tells_of_all", lambda _, name: name == "spare")
    assert gateway_switches.is_last("memory-sms")


def test_a_gateway_for_other_countries_does_not_count_as_a_replacement(spare, sms):
    spare.countries = frozenset({"DE"})
    assert gateway_switches.is_last("memory-sms")
    sms.countries = frozenset({"DE"})
    assert not gateway_switches.is_last("memory-sms")
    sms.countries = frozenset({"DE", "CN"})
    assert gateway_switches.is_last("memory-sms")
    assert not gateway_switches.is_last("spare")


def test_messages_follow_the_switches(spare, sms, owner):
    gateway_switches.switch_off("memory-sms")
    for n in range(5):
        send(owner, n)
    assert (len(sms.sent), len(spare.sent)) == (0, 5)


def test_with_all_off_messages_wait_and_then_expire_unsent(sms, owner, app):
    gateway_switches.switch_off("memory-sms", is_meant=True)
    message_id = send(owner).message_id
    row = db.session.get(Message, message_id)
    assert (row.status, row.tries, row.error) == (MessageStatus.QUEUED, 0, "the gateways are switched off")
    row.due_at = row.deadline_at = row.created_at
    db.session.commit()
    running = worker._drain(worker._router(), [Lane.SMS])
    running._keep_house()
    db.session.expire_all()
    assert db.session.get(Message, message_id).status == MessageStatus.EXPIRED
    assert sms.sent == []


@pytest.mark.slow
def test_a_running_worker_obeys_within_two_seconds(spare, sms, owner, app):
    app.config["CELERY_TASK_ALWAYS_EAGER"] = False
    db.session.remove()
    db.engine.dispose()  # a worker leaves what it finds open to its parent process
    worker.start(app, [Lane.SMS])
    try:
        until_everything_is_sent(send(owner))
        gateway_switches.switch_off("memory-sms")
        time.sleep(2)
        before = len(sms.sent)
        for n in range(20):
            until_everything_is_sent(send(owner, n + 1))
        assert len(sms.sent) == before
        gateway_switches.switch_on("memory-sms")
        gateway_switches.switch_off("spare")
        time.sleep(2)
        there = len(spare.sent)
        until_everything_is_sent(send(owner, 30))
        assert len(spare.sent) == there
    finally:
        worker.stop()
    assert Counter(status for (status,) in db.session.query(Message.status)) == {"sent": 22}


def until_everything_is_sent(view):
    end = time.monotonic() + 20
    while True:
        db.session.rollback()
        if db.session.get(Message, view.message_id, populate_existing=True).status == MessageStatus.SENT:
            return
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)

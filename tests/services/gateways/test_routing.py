import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from channels.memory import MemoryGateway
from channels.registry import Gateways
from domain.gateway_errors import (
    GatewayAtFault,
    GatewayBusy,
    GatewayError,
    GatewaysHeld,
    NotNow,
    RateLimited,
    TemporaryGatewayError,
    UnknownResult,
    WrongGateway,
)
from domain.pinning import pin
from domain.statuses import Channel, MessageStatus
from services.delivery.sender import Sender
from services.delivery.settling import given_back
from services.gateways import routing
from services.gateways.gateway_health import GatewayHealth
from services.gateways.gateway_switches import Switches
from services.gateways.routing import Router
from services.limits.rate_windows import RateWindows
from services.process.breaker import Breaker
from tests.services.delivery.test_sender import KEYRING, claimed

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def health():
    return GatewayHealth("", Breaker())


@pytest.fixture
def main():
    return MemoryGateway("main", weight=100)


@pytest.fixture
def spare():
    return MemoryGateway("spare", weight=0)


@pytest.fixture
def router(main, spare, health):
    return Router(Gateways([main, spare]), health, RateWindows("", Breaker()))


@pytest.fixture
def sender(router):
    return Sender(router, KEYRING, clock=lambda: NOW)


def choose(router, **more):
    return router.choose(Channel.SMS, "CN", **{"ask_first": None, "refused": frozenset(), **more})


def test_a_definite_refusal_goes_to_the_next_gateway_at_once(sender, main, spare):
    for error in (TemporaryGatewayError("HTTP 503"), WrongGateway("no balance"), GatewayBusy("no place")):
        main.failures.append(error)
        settled = sender.send(claimed())
        assert (settled.status, settled.gateway) == (MessageStatus.SENT, "spare")
    assert main.sent == []


def test_when_all_have_refused_it_waits_for_its_next_try(sender, main, spare):
    main.failures.append(TemporaryGatewayError("HTTP 503"))
    spare.failures.append(TemporaryGatewayError("HTTP 500"))
    settled = sender.send(claimed())
    assert (settled.status, settled.error, settled.ask_first) == (MessageStatus.QUEUED, "HTTP 500", None)


def test_a_final_refusal_stops(sender, main, spare):
    main.failures.append(GatewayError("no such number"))
    assert sender.send(claimed()).status is MessageStatus.FAILED
    assert spare.sent == []


def test_after_an_unknown_result_the_same_gateway_is_asked_first(sender, main, spare):
    main.failures.append(UnknownResult("timed out"))
    settled = sender.send(claimed())
    assert (settled.status, settled.ask_first) == (MessageStatus.QUEUED, "main")
    assert spare.sent == [], "the message may have arrived"
    assert sender.send(claimed(2, ask_first="spare")).gateway == "spare"


def test_a_gateway_that_may_have_it_but_is_dead_is_left_for_another(sender, health, main, spare):
    for _ in range(5):
        health.failed("main")
    assert sender.send(claimed(2, ask_first="main")).gateway == "spare"


def test_a_sick_gateway_is_passed_over_until_a_probe_finds_it_well(router, health, main, spare, monkeypatch):
    for _ in range(5):
        health.failed("main")
    assert {choose(router).name for _ in range(50)} == {"spare"}
    monkeypatch.setattr(health, "take_probe", lambda name: True)
    assert choose(router).name == "main"
    router.worked(main)
    assert choose(router).name == "main"


def test_a_message_that_failed_before_is_no_probe(sender, health, main, spare, monkeypatch):
    for _ in range(5):
        health.failed("main")
    monkeypatch.setattr(health, "take_probe", lambda name: True)
    assert sender.send(claimed(2)).gateway == "spare"
    assert sender.send(claimed(1)).gateway == "main"


@pytest.mark.parametrize("may_probe", [True, False])
def test_while_the_only_gateway_is_sick_one_message_in_a_while_tries_it(health, main, monkeypatch, may_probe):
    router = Router(Gateways([main]), health, RateWindows("", Breaker()))
    for _ in range(5):
        health.failed("main")
    assert choose(router, may_probe=may_probe) is None
    nobody = router.why_nobody(Channel.SMS, "CN")
    assert isinstance(nobody, GatewaysHeld)
    assert 1 <= nobody.seconds <= 2
    later = time.monotonic() + 15.5
    monkeypatch.setattr(health._local, "_clock", lambda: later)
    assert choose(router, may_probe=may_probe).name == "main"
    assert choose(router, may_probe=may_probe) is None


def test_messages_that_wait_for_a_sick_gateway_look_less_often_and_not_together(health, main, monkeypatch):
    router = Router(Gateways([main]), health, RateWindows("", Breaker()))
    for _ in range(5):
        health.failed("main")
    router.choose(Channel.SMS, "CN", ask_first=None, refused=frozenset(), may_probe=False)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 300)
    waits = sorted(router.why_nobody(Channel.SMS, "CN").seconds for _ in range(1000))
    assert 30 <= waits[0] < 33
    assert 57 < waits[-1] <= 60


def test_a_gateway_that_takes_no_more_is_left_alone_and_another_one_asked(router, sender, main, spare):
    main.failures.append(RateLimited("too many", retry_after=30))
    assert sender.send(claimed(1)).gateway == "spare"
    assert {sender.send(claimed(1)).gateway for _ in range(20)} == {"spare"}
    assert len(main.failures) == 0


def test_mailboxes_that_want_their_mail_later_do_not_stop_the_mail_of_others(sender, health, main, spare):
    main.failures += [NotNow("RCPT answered 450 4.2.0") for _ in range(20)]
    spare.failures += [NotNow("RCPT answered 450 4.2.0") for _ in range(20)]
    for _ in range(20):
        settled = sender.send(claimed(1))
        assert (settled.status, settled.tried) == (MessageStatus.QUEUED, True)
    assert not health.is_open("main")
    assert sender.send(claimed(1)).gateway == "main"


@pytest.mark.parametrize("count", [1, 10])
def test_a_gateways_own_fault_sends_by_the_other_and_opens_the_breaker(sender, health, main, spare, count):
    main.failures += [GatewayAtFault("401") for _ in range(count)]
    assert {sender.send(claimed(1)).gateway for _ in range(20)} == (
        {"main", "spare"} if count == 1 else {"spare"}
    )
    assert health.is_open("main") is (count == 10)


def test_a_refusal_of_the_message_does_not_make_a_gateway_sick(sender, health, main, spare):
    for _ in range(10):
        main.failures.append(GatewayError("no such number"))
        main.failures.append(WrongGateway("no template"))
        sender.send(claimed())
        sender.send(claimed())
    assert not health.is_open("main")


def test_weights_are_shares_and_countries_are_kept(health):
    heavy = MemoryGateway("heavy", weight=90, countries=frozenset({"CN", "DE"}))
    light = MemoryGateway("light", weight=10)
    router = Router(Gateways([heavy, light]), health, RateWindows("", Breaker()))
    chosen = [choose(router).name for _ in range(2_000)]
    assert 1_700 < chosen.count("heavy") < 1_900
    abroad = {router.choose(Channel.SMS, "US", ask_first=None, refused=frozenset()).name for _ in range(50)}
    assert abroad == {"light"}


def test_a_ceiling_of_sends_per_second_is_kept(router, main, monkeypatch):
    main.rate = 3
    monkeypatch.setattr("services.gateways.routing.LONGEST_TURN_SECONDS", 0.0)
    for _ in range(3):
        router.wait_for_turn(main)
    with pytest.raises(GatewayBusy):
        router.wait_for_turn(main)


def test_a_ceiling_of_sends_a_minute_holds_no_thread(router, main, monkeypatch):
    main.rate, main.rate_seconds = 3, 60
    for _ in range(3):
        router.wait_for_turn(main)
    slept = []
    watched = SimpleNamespace(monotonic=time.monotonic, sleep=slept.append)
    monkeypatch.setattr(routing, "time", watched)
    with pytest.raises(GatewayBusy):
        router.wait_for_turn(main)
    assert sum(slept) < 0.5


def test_a_gateway_that_is_switched_off_gets_nothing_new(router, main, spare):
    assert choose(router).name == "main"
    router.take_over(Switches(off=frozenset({"main"})))
    assert {choose(router).name for _ in range(50)} == {"spare"}
    assert choose(router, ask_first="main").name == "spare", "not even what it may already have"
    router.take_over(Switches())
    assert choose(router).name == "main"


def test_messages_wait_untried_while_every_gateway_is_switched_off(router, sender, main, spare):
    router.take_over(Switches(off=frozenset({"main", "spare"})))
    settled = sender.send(claimed(4))
    assert (settled.status, settled.tried, settled.gateway) == (MessageStatus.QUEUED, False, None)
    assert settled.due_at == NOW + timedelta(seconds=5)
    assert main.sent == spare.sent == []
    router.take_over(Switches(off=frozenset({"main"})))
    assert sender.send(claimed(4)).gateway == "spare"


def test_where_no_gateway_serves_a_message_it_does_not_wait_for_a_switch(sender, router):
    router.take_over(Switches(off=frozenset({"main", "spare"})))
    assert router.why_nobody(Channel.EMAIL, None).code == "temporary"


def test_a_weight_that_was_set_overrides_the_file(router, main, spare):
    router.take_over(Switches(weights={"main": 0, "spare": 1}))
    assert {choose(router).name for _ in range(50)} == {"spare"}
    router.take_over(Switches(weights={"main": 50, "spare": 50}))
    assert {choose(router).name for _ in range(200)} == {"main", "spare"}


def test_settings_for_a_gateway_that_left_the_file_are_ignored(router):
    router.take_over(Switches(off=frozenset({"gone"}), weights={"gone": 7}))
    assert choose(router).name == "main"


def test_a_pinned_message_goes_to_its_gateway_and_nowhere_else(router, sender, health, main, spare):
    router.take_over(Switches(off=frozenset({"spare"})))
    assert sender.send(claimed(ask_first=pin("spare"))).gateway == "spare", "even where it is switched off"
    for _ in range(5):
        health.failed("spare")
    for error in (TemporaryGatewayError("HTTP 503"), UnknownResult("timed out"), GatewayBusy("no place")):
        spare.failures.append(error)
        settled = sender.send(claimed(ask_first=pin("spare")))
        assert (settled.status, settled.ask_first) == (MessageStatus.QUEUED, pin("spare"))
    assert sender.send(claimed(ask_first=pin("gone"))).gateway is None
    assert main.sent == []


def test_a_pinned_message_that_was_not_started_in_time_stays_pinned():
    back = given_back(claimed(ask_first=pin("spare")), NOW)
    assert (back.gateway, back.ask_first) == ("spare", pin("spare"))

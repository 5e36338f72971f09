import logging
from datetime import UTC, datetime, timedelta

import pytest

from channels.memory import MemoryGateway
from channels.registry import Gateways
from domain.errors import GatewayBusy, GatewayError, TemporaryGatewayError
from domain.keyring import Keyring
from domain.statuses import MessageStatus
from services.delivery.claims import Claimed
from services.delivery.sender import Sender
from services.gateways.gateway_health import GatewayHealth
from services.gateways.routing import Router
from services.limits.rate_windows import RateWindows
from services.process.breaker import Breaker

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEYRING = Keyring(["k" * 32])


def claimed(tries=1, sealed=None, ask_first=None):
    return Claimed(
        id="m1",
        verification_id="v1",
        channel="sms",
        to="+8613800138000",
        country="CN",
        template="code",
        locale="en",
        sealed=sealed or KEYRING.seal(b'{"code": "123456", "minutes": 5, "service": "Shop"}', row="m1"),
        is_test=False,
        tries=tries,
        deadline_at=NOW + timedelta(seconds=240),
        lease_token="t",
        ask_first=ask_first,
    )


@pytest.fixture
def gateway():
    return MemoryGateway()


def sender(*gateways):
    breaker = Breaker()
    router = Router(Gateways(gateways), GatewayHealth("", breaker), RateWindows("", breaker))
    return Sender(router, KEYRING, clock=lambda: NOW)


def test_a_message_is_opened_rendered_and_handed_over(gateway):
    settled = sender(gateway).send(claimed())
    assert (settled.status, settled.gateway, settled.gateway_reference) == ("sent", "memory", "memory-1")
    (sent,) = gateway.sent
    assert (sent.id, sent.to, sent.template) == ("m1", "+8613800138000", "code")
    assert sent.params == {"code": "123456", "minutes": "5", "service": "Shop"}
    assert sent.text.startswith("Shop: your code is 123456.")


@pytest.mark.parametrize(("tries", "wait"), [(1, 3), (2, 6), (3, 12)])
def test_a_temporary_refusal_is_tried_again_later(gateway, tries, wait):
    gateway.failures.append(TemporaryGatewayError("busy"))
    settled = sender(gateway).send(claimed(tries))
    assert (settled.status, settled.error) == (MessageStatus.QUEUED, "busy")
    assert settled.due_at == NOW + timedelta(seconds=wait)


def test_the_fourth_temporary_refusal_is_the_last(gateway):
    gateway.failures.append(TemporaryGatewayError("busy"))
    settled = sender(gateway).send(claimed(4))
    assert (settled.status, settled.due_at, settled.error) == (MessageStatus.FAILED, None, "busy")


def test_a_busy_gateway_is_tried_again_soon_and_it_counts_no_try(gateway):
    gateway.failures.append(GatewayBusy("all connections are in use"))
    settled = sender(gateway).send(claimed(4))
    assert (settled.status, settled.tried) == (MessageStatus.QUEUED, False)
    assert settled.due_at == NOW + timedelta(seconds=1)


def test_a_final_refusal_is_not_tried_again(gateway):
    gateway.failures.append(GatewayError("no such number"))
    settled = sender(gateway).send(claimed())
    assert (settled.status, settled.due_at) == (MessageStatus.FAILED, None)


def test_without_a_gateway_the_message_waits_for_one():
    settled = sender().send(claimed())
    assert settled.status is MessageStatus.QUEUED


def test_an_unexpected_error_of_a_gateway_loses_no_message(gateway, caplog):
    gateway.failures.append(RuntimeError("code 123456 to +8613800138000"))
    settled = sender(gateway).send(claimed())
    assert settled.status is MessageStatus.QUEUED
    assert "123456" not in settled.error
    assert "123456" not in caplog.text


UNREADABLE = {
    "rubbish": b"rubbish",
    "of another row": KEYRING.seal(b"{}", row="another"),
    "no JSON": KEYRING.seal(b"no json", row="m1"),
    "without the parameters": KEYRING.seal(b"{}", row="m1"),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_an_unreadable_message_fails_at_once_and_loudly(gateway, caplog, kind):
    settled = sender(gateway).send(claimed(sealed=UNREADABLE[kind]))
    assert settled.status is MessageStatus.FAILED
    assert any(record.levelno == logging.ERROR for record in caplog.records)
    assert gateway.sent == []


def test_logs_show_neither_code_nor_destination(gateway, caplog):
    caplog.set_level(logging.DEBUG)
    gateway.failures.append(TemporaryGatewayError("busy"))
    for _ in range(2):
        sender(gateway).send(claimed())
    assert "m1" in caplog.text
    assert "123456" not in caplog.text
    assert "13800138000" not in caplog.text


def test_a_good_first_try_records_only_its_duration(gateway):
    settled = sender(gateway).send(claimed())
    assert settled.asked == ()
    assert 0 <= settled.took_ms < 15_000


def test_every_failed_try_is_recorded_in_order(gateway):
    other, spare = MemoryGateway("other", weight=0), MemoryGateway("spare", weight=0)
    gateway.failures.append(TemporaryGatewayError("busy"))
    other.failures.append(GatewayBusy("no free place"))
    settled = sender(gateway, other, spare).send(claimed())
    told = [(one.gateway, one.answer, one.reason, one.at) for one in settled.asked]
    assert told == [("memory", "temporary", "busy", NOW)]
    assert (settled.status, settled.gateway) == (MessageStatus.SENT, "spare")


def test_a_message_that_no_gateway_serves_records_its_try():
    (asked,) = sender().send(claimed()).asked
    assert (asked.gateway, asked.answer, asked.took_ms) == (None, "temporary", None)

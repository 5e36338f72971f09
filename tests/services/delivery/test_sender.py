import logging
import time
from datetime import UTC, datetime, timedelta

import pytest

from channels.memory import MemoryGateway
from channels.registry import Gateways
from domain.gateway_errors import (
    GatewayAtFault,
    GatewayBusy,
    GatewayError,
    RateLimited,
    TemporaryGatewayError,
    TooLate,
)
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


def sender(*gateways, most_tries=0):
    breaker = Breaker()
    router = Router(Gateways(gateways), GatewayHealth("", breaker), RateWindows("", breaker))
    return Sender(router, KEYRING, most_tries=most_tries, clock=lambda: NOW)


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


def test_tries_end_where_the_settings_say_so_or_at_the_deadline(gateway):
    gateway.failures += [TemporaryGatewayError("busy") for _ in range(3)]
    settled = sender(gateway, most_tries=4).send(claimed(4))
    assert (settled.status, settled.due_at, settled.error) == (MessageStatus.FAILED, None, "busy")
    assert sender(gateway).send(claimed(4)).due_at == NOW + timedelta(seconds=24)
    late = claimed(20)._replace(deadline_at=NOW + timedelta(seconds=10))
    assert sender(gateway).send(late).status is MessageStatus.FAILED


@pytest.mark.parametrize(
    ("error", "least", "most"),
    [
        (RateLimited("429"), 1, 2),
        (RateLimited("429", retry_after=4), 4, 8),
        (GatewayAtFault("401"), 3, 3),
        (TooLate("the lease ended"), 1, 1),
    ],
)
def test_what_says_nothing_about_the_message_uses_up_no_try(gateway, error, least, most):
    gateway.failures.append(error)
    settled = sender(gateway, most_tries=1).send(claimed(1))
    assert (settled.status, settled.tried) == (MessageStatus.QUEUED, False)
    assert least <= (settled.due_at - NOW).total_seconds() <= most


def test_a_rate_limit_holds_the_next_message_back_without_asking_anybody(gateway):
    one = sender(gateway)
    gateway.failures.append(RateLimited("too much mail", retry_after=60))
    one.send(claimed())
    held = one.send(claimed())
    assert (gateway.sent, held.status, held.tried, held.asked) == ([], MessageStatus.QUEUED, False, ())
    bulk = one.send(claimed()._replace(is_bulk=True))
    assert NOW + timedelta(seconds=50) < bulk.due_at <= NOW + timedelta(seconds=120)
    assert held.due_at <= NOW + timedelta(seconds=10), "a person waits for a code"


def test_a_message_that_waits_is_looked_at_once_more_at_its_deadline(gateway):
    one = sender(gateway)
    gateway.failures.append(RateLimited("too much mail", retry_after=60))
    one.send(claimed())
    soon = claimed()._replace(deadline_at=NOW + timedelta(seconds=0.5))
    assert one.send(soon).due_at == soon.deadline_at


@pytest.mark.parametrize("late", ["lease", "deadline"])
def test_nothing_is_handed_over_after_its_lease_or_deadline(gateway, late):
    lease_until = time.monotonic() - 0.01 if late == "lease" else time.monotonic() + 60
    expired = claimed()._replace(
        deadline_at=NOW - timedelta(seconds=1) if late == "deadline" else NOW + timedelta(60)
    )
    settled = sender(gateway).send(expired, lease_until)
    assert (gateway.sent, settled.status, settled.tried) == ([], MessageStatus.QUEUED, False)


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

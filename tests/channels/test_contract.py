"""The contract of every gateway over HTTP, whatever the company's protocol (rows: tests/servers/dialects.py)."""

import logging
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from channels.gateway import Gateway
from channels.making import TYPES
from channels.options import Options
from domain.gateway_errors import (
    GatewayAtFault,
    GatewayError,
    RateLimited,
    TemporaryGatewayError,
    UnknownResult,
    WrongGateway,
)
from domain.statuses import Channel
from tests.channels.conftest import CODE, refusal_of, sms
from tests.servers.dialects import DIALECTS, SECRET, Dialect
from tests.servers.http import DROP, RESET, Answer, HttpGatewayServer
from tests.servers.thread import closed_port

EVERY = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.type)


def made(dialect: Dialect, port: int) -> Gateway:
    keys = {**dialect.keys, "url": f"http://127.0.0.1:{port}{dialect.path}"}
    options = Options(keys, "here", name=f"the-{dialect.type}")
    options.weight, options.countries = 7, frozenset({"CN"})
    gateway = TYPES[dialect.type][1](options)
    options.finish()
    return gateway


def refused(dialect: Dialect, server: HttpGatewayServer, answer: Answer) -> GatewayError:
    return refusal_of(made(dialect, server.port), server, answer)


def test_every_sms_gateway_type_has_a_row() -> None:
    assert {dialect.type for dialect in DIALECTS} == {
        name for name, (channel, _) in TYPES.items() if channel is Channel.SMS
    }


@EVERY
def test_a_gateway_matches_its_table(dialect: Dialect) -> None:
    gateway = made(dialect, 9)
    assert (gateway.name, gateway.channel) == (f"the-{dialect.type}", Channel.SMS)
    assert (gateway.weight, gateway.countries) == (7, frozenset({"CN"}))
    assert (gateway.capacity, gateway.rate) == (None, 0)
    assert SECRET not in repr(gateway)


@EVERY
def test_a_message_is_sent_with_a_valid_signature_and_its_reference_is_read(
    dialect: Dialect, server: HttpGatewayServer
) -> None:
    server.usual = dialect.yes
    gateway = made(dialect, server.port)
    with ThreadPoolExecutor(8) as pool:
        numbers = [f"+86138123456{number}" for number in range(10, 30)]
        references = list(pool.map(lambda to: gateway.send(sms(to=to)), numbers))
    gateway.send(sms(text="�\ud800 ' \" < & % ~ + = 码 \U0001f600", params={"code": CODE, "minutes": "5"}))
    gateway.close()
    assert references == [dialect.reference] * 20
    assert sorted(dialect.genuine(call) for call in server.calls[:20]) == numbers
    assert dialect.genuine(server.calls[20]) == "+8613812345678"
    assert server.connections <= 8
    assert not any(SECRET in call.target for call in server.calls)
    assert dialect.code_in_address or not any(CODE in call.target for call in server.calls)


@EVERY
def test_refusals_keep_their_meaning(dialect: Dialect, server: HttpGatewayServer) -> None:
    assert type(refused(dialect, server, dialect.temporary)) in (TemporaryGatewayError, RateLimited)
    assert type(refused(dialect, server, dialect.final)) is GatewayError
    if dialect.other:
        assert type(refused(dialect, server, dialect.other)) in (WrongGateway, GatewayAtFault)


@EVERY
def test_a_server_may_ask_to_wait(dialect: Dialect, server: HttpGatewayServer) -> None:
    for answer in (Answer(429, ""), Answer(503, "busy"), dialect.temporary):
        error = refused(dialect, server, replace(answer, headers={"Retry-After": "9"}))
        assert isinstance(error, TemporaryGatewayError)
        assert error.retry_after == 9


@EVERY
@pytest.mark.parametrize("answer", [DROP, RESET])
def test_a_lost_answer_leaves_the_result_unknown(
    dialect: Dialect, answer: Answer, server: HttpGatewayServer
) -> None:
    assert type(refused(dialect, server, answer)) is UnknownResult


@EVERY
def test_an_unreachable_server_is_temporary_and_nothing_was_sent(dialect: Dialect) -> None:
    gateway = made(dialect, closed_port())
    for call in (lambda: gateway.send(sms()), lambda: gateway.probe(1)):
        with pytest.raises(TemporaryGatewayError) as caught:
            call()
        assert type(caught.value) is TemporaryGatewayError


@EVERY
def test_a_probe_sends_no_request(dialect: Dialect, server: HttpGatewayServer) -> None:
    gateway = made(dialect, server.port)
    assert str(server.port) in gateway.probe(2)
    gateway.close()
    assert server.calls == []


@EVERY
def test_redirects_are_refused_and_not_followed(dialect: Dialect, server: HttpGatewayServer) -> None:
    with HttpGatewayServer() as elsewhere:
        refused(dialect, server, Answer(307, "", headers={"Location": elsewhere.url}))
        assert elsewhere.calls == []


@EVERY
def test_connections_are_kept_over_refusals(dialect: Dialect, server: HttpGatewayServer) -> None:
    server.script(dialect.yes, dialect.final, dialect.temporary, dialect.yes)
    gateway = made(dialect, server.port)
    for _ in range(4):
        try:
            gateway.send(sms())
        except GatewayError:
            continue
    gateway.close()
    assert (len(server.calls), server.connections) == (4, 1)


@EVERY
@pytest.mark.parametrize(
    "body", ["[" * 50_000, '{"a":' * 10_000, "<a>" * 20_000, b"\xff" * 1_000_000, "null", "5"]
)
def test_a_malicious_answer_does_no_harm(
    dialect: Dialect, body: bytes | str, server: HttpGatewayServer
) -> None:
    for status in (200, 400, 500):
        server.script(Answer(status, body))
        gateway = made(dialect, server.port)
        began = time.monotonic()
        reason = ""
        try:
            gateway.send(sms())
        except GatewayError as error:
            reason = error.reason
        gateway.close()
        assert len(reason) < 200
        assert time.monotonic() - began < 10


@EVERY
def test_no_error_and_no_log_contains_secret_code_or_number(
    dialect: Dialect, server: HttpGatewayServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    leak = f"{SECRET} {CODE} +8613812345678"
    answers = [dialect.temporary, dialect.final, dialect.other or dialect.final, DROP]
    answers += [Answer(status, leak, headers={"X-Leak": leak}) for status in (302, 400, 401, 500)]
    told = ["".join(traceback.format_exception(refused(dialect, server, answer))) for answer in answers]
    everything = "".join(told) + caplog.text
    for secret in (SECRET, CODE, "13812345678"):
        assert secret not in everything

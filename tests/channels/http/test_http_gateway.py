"""Gateway type `http` against a scriptable server."""

import asyncio
import logging
import socket
import time
import traceback
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from channels.answers.finding import JsonPaths
from channels.http.body import Body
from channels.http.dialect import Dialect
from channels.http.http_gateway import HttpGateway
from channels.http.success import Success
from channels.signatures import webhooks
from domain.errors import ConfigurationError
from domain.gateway_errors import (
    GatewayAtFault,
    GatewayError,
    RateLimited,
    TemporaryGatewayError,
    UnknownResult,
)
from tests.channels.conftest import CODE, Authority, sms
from tests.servers.http import DROP, RESET, SILENCE, Answer, HttpGatewayServer
from tests.servers.thread import closed_port, wait_until

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
BOUNDED = 4.0
"""Far above the limits that the tests set, and far below hanging."""


@pytest.fixture
def server() -> Iterator[HttpGatewayServer]:
    with HttpGatewayServer() as started:
        yield started


@pytest.fixture
def gateway(server: HttpGatewayServer) -> Iterator[HttpGateway]:
    made = HttpGateway(server.url)
    yield made
    made.close()


def failure(gateway: HttpGateway, **changes: object) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        gateway.send(sms(**changes))
    return caught.value


def is_final(error: GatewayError) -> bool:
    return not isinstance(error, TemporaryGatewayError)


def test_the_message_is_posted_as_json_with_its_id_as_idempotency_key(
    server: HttpGatewayServer, gateway: HttpGateway
) -> None:
    assert gateway.send(sms()) == "g1"
    (call,) = server.calls
    assert (call.method, call.target) == ("POST", "/sms")
    assert call.headers["content-type"] == "application/json"
    assert call.headers["idempotency-key"] == "msg-0123456789abcdef"
    assert call.json == {
        "to": "+8613812345678",
        "text": f"您的验证码 {CODE}",
        "reference": "msg-0123456789abcdef",
        "template": "code",
        "params": {"code": CODE, "minutes": "5"},
    }
    assert "webhook-signature" not in call.headers


@pytest.mark.parametrize("secret", [SECRET, "a plain text secret"])
def test_with_a_secret_the_request_is_signed(server: HttpGatewayServer, secret: str) -> None:
    gateway = HttpGateway(server.url + "?key=1", secret=secret)
    gateway.send(sms())
    gateway.close()
    (call,) = server.calls
    assert call.target == "/sms?key=1"
    assert call.headers["webhook-id"] == "msg-0123456789abcdef"
    assert webhooks.verify(secret, call.headers, call.body, time.time())
    assert not webhooks.verify(secret, call.headers, call.body + b" ", time.time())


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_is_accepted(server: HttpGatewayServer, gateway: HttpGateway, status: int) -> None:
    server.script(Answer(status, body=b"" if status == 204 else None))
    gateway.send(sms())


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_these_statuses_are_temporary(server: HttpGatewayServer, gateway: HttpGateway, status: int) -> None:
    server.script(Answer(status))
    error = failure(gateway)
    assert not is_final(error)
    assert error.reason == f"the provider answered {status}"


@pytest.mark.parametrize("status", [401, 402, 403, 404, 409])
def test_these_statuses_are_the_gateways_own_fault(
    server: HttpGatewayServer, gateway: HttpGateway, status: int
) -> None:
    server.script(Answer(status, body=b""))
    assert type(failure(gateway)) is GatewayAtFault


def test_a_rate_limit_is_told_from_other_temporary_answers(
    server: HttpGatewayServer, gateway: HttpGateway
) -> None:
    server.script(Answer(429), Answer(503))
    assert type(failure(gateway)) is RateLimited
    assert type(failure(gateway)) is TemporaryGatewayError


@pytest.mark.parametrize("valid_for", [-1.0, 0.2])
def test_nothing_goes_out_after_a_message_has_expired(
    server: HttpGatewayServer, gateway: HttpGateway, monkeypatch: pytest.MonkeyPatch, valid_for: float
) -> None:
    lookup = socket.getaddrinfo

    def slow(*arguments: Any, **more: Any) -> Any:
        time.sleep(0.4)
        return lookup(*arguments, **more)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    error = failure(gateway, valid_until=time.monotonic() + valid_for)
    assert isinstance(error, TemporaryGatewayError)
    assert not isinstance(error, UnknownResult)
    assert server.calls == []


@pytest.mark.parametrize("status", [300, 302, 304, 400, 413, 422, 451])
def test_any_other_status_is_final(server: HttpGatewayServer, gateway: HttpGateway, status: int) -> None:
    server.script(Answer(status, body=b""))
    error = failure(gateway)
    assert is_final(error)
    assert error.reason == f"the provider answered {status}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(server: HttpGatewayServer, gateway: HttpGateway, status: int) -> None:
    with HttpGatewayServer() as other:
        server.script(Answer(status, headers={"Location": other.url}))
        assert is_final(failure(gateway))
        assert other.calls == []


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        *[("7", 7.0), (" 30 ", 30.0), ("", None), ("soon", None), ("-5", None), ("1e9", None), ("٣", None)],
        ("Tue, 15 Nov 1994 08:12:31 GMT", 0.0),
    ],
)
def test_retry_after_is_reported(
    server: HttpGatewayServer, gateway: HttpGateway, value: str, seconds: float | None
) -> None:
    server.script(Answer(429, headers={"Retry-After": value}))
    error = failure(gateway)
    assert isinstance(error, TemporaryGatewayError)
    assert error.retry_after == seconds


def test_retry_after_may_be_a_date(server: HttpGatewayServer, gateway: HttpGateway) -> None:
    at = datetime.now(UTC) + timedelta(hours=1)
    server.script(Answer(503, headers={"Retry-After": format_datetime(at, usegmt=True)}))
    error = failure(gateway)
    assert isinstance(error, TemporaryGatewayError)
    assert error.retry_after is not None
    assert 3500 < error.retry_after <= 3600


@pytest.mark.parametrize(
    ("body", "reference"),
    [
        ({"id": "abc"}, "abc"),
        ({"id": 12345}, "12345"),
        ({"id": "a\r\nb\x00c\u2028"}, "abc"),
        ({"id": "x" * 500}, "x" * 128),
        ({"id": ""}, None),
        ({"id": None}, None),
        ({"id": True}, None),
        ({"id": ["a"]}, None),
        ({"sid": "abc"}, None),
        ("[1]", None),
        ("OK 17", None),
        (b"\xff\xfe", None),
        (b"", None),
        ("[" * 50_000, None),
        ('{"id": "' + "x" * 100_000 + '"}', None),
    ],
)
def test_the_reference_is_taken_from_the_answer_if_there_is_one(
    server: HttpGatewayServer, gateway: HttpGateway, body: Any, reference: str | None
) -> None:
    server.script(Answer(200, body=body))
    assert gateway.send(sms()) == reference
    assert gateway.send(sms()) == "g2"


@pytest.mark.parametrize(
    "answer", [SILENCE, Answer(500, drip=0.1), Answer(200, drip=0.1, headers={"A": "b"})]
)
def test_a_slow_provider_is_given_up_in_time(server: HttpGatewayServer, answer: Answer) -> None:
    server.script(answer)
    gateway = HttpGateway(server.url, seconds=0.5)
    started = time.monotonic()
    assert failure(gateway).reason == "the provider did not answer in time"
    assert time.monotonic() - started < BOUNDED


def test_an_answer_that_drips_after_its_2xx_is_accepted_in_time(server: HttpGatewayServer) -> None:
    head = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
    started = time.monotonic()
    with RawServer(head, drip=0.05) as raw:
        assert HttpGateway(raw.url, seconds=0.5).send(sms()) is None
        gateway = HttpGateway(
            raw.url, seconds=0.5, dialect=Dialect(success=Success(JsonPaths(["id"]), {"1"}))
        )
        assert not is_final(failure(gateway))
    assert time.monotonic() - started < BOUNDED


@pytest.mark.parametrize("answer", [DROP, RESET])
def test_a_lost_connection_is_temporary(
    server: HttpGatewayServer, gateway: HttpGateway, answer: Answer
) -> None:
    server.script(answer)
    assert not is_final(failure(gateway))
    assert len(server.calls) == 1


def test_an_unreachable_server_is_temporary() -> None:
    error = failure(HttpGateway(f"http://127.0.0.1:{closed_port()}/sms"))
    assert not is_final(error)
    assert error.reason == "no answer from the provider: Connection refused"


def test_an_unknown_name_is_temporary(monkeypatch: pytest.MonkeyPatch) -> None:
    def lookup(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    error = failure(HttpGateway("http://gateway.invalid/sms"))
    assert not is_final(error)
    assert error.reason == "no answer from the provider: Name or service not known"


def test_an_answer_that_is_not_http_is_temporary() -> None:
    with RawServer("SSH-2.0-server\r\n") as raw:
        assert not is_final(failure(HttpGateway(raw.url, seconds=2)))


def test_connections_are_kept(server: HttpGatewayServer, gateway: HttpGateway) -> None:
    server.script(Answer(), Answer(500), Answer(404))
    for _ in range(3):
        try:
            gateway.send(sms())
        except GatewayError:
            continue
    gateway.send(sms())
    assert (len(server.calls), server.connections) == (4, 1)


def test_a_kept_connection_that_the_server_closed_is_replaced(
    server: HttpGatewayServer, gateway: HttpGateway
) -> None:
    gateway.send(sms())
    server.drop_connections()
    wait_until(lambda: server.open_connections == 0)
    gateway.send(sms())
    assert (len(server.calls), server.connections) == (2, 2)


def test_fifty_senders_do_not_wait_for_eight_kept_connections(server: HttpGatewayServer) -> None:
    server.delay = 0.3
    gateway = HttpGateway(server.url, connections=8)
    started = time.monotonic()
    with ThreadPoolExecutor(50) as pool:
        ids = [f"msg-{number}" for number in range(50)]
        references = list(pool.map(lambda one: gateway.send(sms(id=one)), ids))
    assert time.monotonic() - started < 15  # one after the other
    assert len(set(references)) == 50
    assert sorted(call.headers["idempotency-key"] for call in server.calls) == sorted(ids)
    wait_until(lambda: server.open_connections <= 8)
    gateway.close()


def test_a_provider_with_a_trusted_certificate_is_used(authority: Authority) -> None:
    with HttpGatewayServer(tls=authority.server_context()) as server:
        gateway = HttpGateway(server.url, ca_file=authority.file)
        assert gateway.send(sms()) == "g1"
        assert gateway.send(sms()) == "g2"
        gateway.close()
        assert server.connections == 1


@pytest.mark.parametrize("fault", ["unknown authority", "other name"])
def test_nothing_is_sent_to_a_provider_with_a_wrong_certificate(authority: Authority, fault: str) -> None:
    name = "sms.example.net" if fault == "other name" else "127.0.0.1"
    trusted = authority.file if fault == "other name" else None
    with HttpGatewayServer(tls=authority.server_context(name)) as server:
        error = failure(HttpGateway(server.url, ca_file=trusted))
        assert server.calls == []
    assert not is_final(error)
    assert "no trusted TLS" in error.reason


def test_another_providers_interface_is_spoken(server: HttpGatewayServer) -> None:
    gateway = HttpGateway(
        server.url,
        dialect=Dialect(
            body=Body("mobile={to.digits}&content={text}"),
            headers={"Authorization": "Bearer k"},
            success=Success(JsonPaths(["code"]), {"0"}),
        ),
    )
    server.script(Answer(200, {"code": 0, "id": 5}), Answer(200, {"code": 105, "msg": CODE}))
    assert gateway.send(sms()) == "5"
    error = failure(gateway)
    gateway.close()
    assert is_final(error)
    assert error.reason == "the provider's answer does not meet `success`"
    call = server.calls[0]
    assert call.headers["content-type"] == "application/x-www-form-urlencoded"
    assert call.headers["authorization"] == "Bearer k"
    assert call.body.startswith(b"mobile=8613812345678&content=%E6%82%A8")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"url": "ftp://x.org/"}, "url"),
        ({"url": "x.org/sms"}, "url"),
        ({"url": "http://"}, "url"),
        ({"url": "http://[::1/"}, "url"),
        ({"url": "http://x.org:99999/"}, "url"),
        ({"url": "http://ann:s3cret@x.org/"}, "url"),
        ({"url": "http://x.org/s3cret path"}, "url"),
        ({"url": "http://x.org/s3cret\n"}, "url"),
        ({"url": "http://x.org/\u2028s3cret"}, "url"),
        ({"dialect": Dialect(body=Body("to={to}", "text/plain\r\nX-Key: s3cret"))}, "content_type"),
        ({"secret": "whsec_s3cret!"}, "secret"),
        ({"dialect": Dialect(headers={"X-Key": "s3cret\r\nX: y"})}, "X-Key"),
        ({"dialect": Dialect(headers={"X Key": "s3cret"})}, "X Key"),
        ({"dialect": Dialect(headers={"Idempotency-Key": "s3cret"})}, "Idempotency-Key"),
        ({"ca_file": "/nowhere.pem"}, "ca_file"),
        ({"url": "http://x.org/{too}"}, "url: {too} is not a placeholder"),
        ({"url": "http://x.org/?to={to.digit}&s3cret=1"}, "url"),
        ({"url": "http://{to}.x.org/"}, "url"),
        ({"url": "http://x.org/{"}, "url"),
        ({"url": "http://{region}.x.org/"}, "url"),
        ({"dialect": Dialect(headers={"X-To": "s3cret {too}"})}, "X-To: {too} is not a placeholder"),
        ({"dialect": Dialect(headers={"X-To": "{ params.code }"})}, "X-To"),
        ({"dialect": Dialect(headers={"X-{to}": "s3cret"})}, "headers"),
        ({"dialect": Dialect(body=Body("to={to}", "text/plain; x={to}"))}, "content_type"),
    ],
)
def test_unusable_arguments_are_refused_at_once(arguments: Mapping[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named) as caught:
        HttpGateway(**{"url": "http://x.org/", **arguments})
    assert "s3cret" not in str(caught.value)


def test_no_error_and_no_log_contains_a_secret_the_code_or_the_number(
    server: HttpGatewayServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for logger in ("urllib3", "urllib3.connection", "urllib3.connectionpool"):
        caplog.set_level(logging.DEBUG, logger=logger)
    leak = f"{SECRET} {CODE} +8613812345678 qu3ry"
    closed = f"http://127.0.0.1:{closed_port()}/sms?key=qu3ry"
    gateway = HttpGateway(
        server.url + "?key=qu3ry", secret=SECRET, dialect=Dialect(headers={"X-Key": "h3ader"}), seconds=0.5
    )
    told = []
    answers = [Answer(status, body=leak) for status in (302, 400, 429, 500)] + [DROP, RESET, SILENCE]
    server.script(*answers, Answer(200, headers={"bad header": leak, "": leak}))
    for target in [gateway] * (len(answers) + 1) + [HttpGateway(closed, secret=SECRET)]:
        try:
            target.send(sms())
        except GatewayError as error:
            told.append("".join(traceback.format_exception(error)))
    everything = "".join(told) + caplog.text
    assert len(told) >= len(answers) + 1
    for secret in [SECRET, CODE, "13812345678", "qu3ry", "h3ader"]:
        assert secret not in everything


class RawServer(HttpGatewayServer):
    """Gives one fixed answer to every request, then drips on if asked to."""

    def __init__(self, says: str, *, drip: float = 0):
        super().__init__()
        self._says = says
        self._drip = drip

    async def converse(self, reader: Any, writer: Any) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(self._says.encode())
        while self._drip:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(self._drip)

"""OAuth tokens: asked for once, renewed in time, replaced once when refused."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs

import pytest

from channels.http.dialect import Dialect
from channels.http.http_gateway import HttpGateway
from channels.http.oauth import ClientCredentials
from domain.gateway_errors import GatewayAtFault, TemporaryGatewayError
from tests.channels.conftest import sms
from tests.servers.http import DROP, Answer, HttpGatewayServer
from tests.servers.thread import closed_port

NO = Answer(401, "")


def token(text: str, life: object = 3600) -> Answer:
    return Answer(200, {"access_token": text, "token_type": "Bearer", "expires_in": life})


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def issuer() -> Iterator[HttpGatewayServer]:
    with HttpGatewayServer() as started:
        yield started


@pytest.fixture
def clock() -> Clock:
    return Clock()


def credentials(issuer: HttpGatewayServer, clock: Clock, **more: object) -> ClientCredentials:
    return ClientCredentials(issuer.url, client_id="id:1", client_secret="s3cret/+", clock=clock, **more)  # type: ignore[arg-type]


def test_the_credentials_are_a_header_or_fields(issuer: HttpGatewayServer, clock: Clock) -> None:
    issuer.usual = token("t")
    credentials(issuer, clock, scope="sms").token()
    credentials(issuer, clock, in_body=True, more={"audience": "a&b"}).token()
    first, second = (parse_qs(call.body.decode()) for call in issuer.calls)
    assert first == {"grant_type": ["client_credentials"], "scope": ["sms"]}
    assert issuer.calls[0].headers["authorization"] == "Basic aWQlM0ExOnMzY3JldCUyRiUyQg=="
    assert second["client_secret"] == ["s3cret/+"]
    assert second["audience"] == ["a&b"]
    assert "authorization" not in issuer.calls[1].headers


def test_one_request_serves_all_threads(issuer: HttpGatewayServer, clock: Clock) -> None:
    issuer.usual = Answer(200, token("t").body, delay=0.3)
    tokens = credentials(issuer, clock)
    with ThreadPoolExecutor(30) as pool:
        assert set(pool.map(lambda _: tokens.token(), range(60))) == {"t"}
    assert len(issuer.calls) == 1


def test_a_token_is_renewed_ahead_of_its_end(issuer: HttpGatewayServer, clock: Clock) -> None:
    issuer.script(token("a", 3600), token("b", "100"), token("c", "soon"))
    tokens = credentials(issuer, clock)
    for now, expected in ((0, "a"), (3539, "a"), (3541, "b"), (3630, "b"), (3632, "c"), (3900, "c")):
        clock.now = 1000 + now
        assert tokens.token() == expected


def test_a_token_that_is_still_good_outlives_a_token_server_that_is_down(
    issuer: HttpGatewayServer, clock: Clock
) -> None:
    issuer.script(token("a", 3600), Answer(500), Answer(500))
    tokens = credentials(issuer, clock)
    tokens.token()
    clock.now += 3550
    assert tokens.token() == "a"
    clock.now += 51
    with pytest.raises(TemporaryGatewayError):
        tokens.token()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(400, {"error": "invalid_client"}), GatewayAtFault),
        (Answer(401), GatewayAtFault),
        (Answer(429), TemporaryGatewayError),
        (Answer(500), TemporaryGatewayError),
        (Answer(200, "no"), TemporaryGatewayError),
        (Answer(200, {"access_token": "a\r\nb"}), TemporaryGatewayError),
        (Answer(200, {"access_token": ["a"]}), TemporaryGatewayError),
        (DROP, TemporaryGatewayError),
    ],
)
def test_no_token_is_no_message(
    issuer: HttpGatewayServer, clock: Clock, answer: Answer, kind: type[Exception]
) -> None:
    issuer.script(answer)
    with pytest.raises(TemporaryGatewayError) as caught:
        credentials(issuer, clock).token()
    assert type(caught.value) is kind
    assert "s3cret" not in str(caught.value)


def test_a_token_server_that_is_down_is_asked_once_a_second(issuer: HttpGatewayServer, clock: Clock) -> None:
    issuer.usual = Answer(500, "", delay=0.2)
    tokens = credentials(issuer, clock)

    def ask(_: int) -> bool:
        with pytest.raises(TemporaryGatewayError):
            tokens.token()
        return True

    with ThreadPoolExecutor(10) as pool:
        assert all(pool.map(ask, range(20)))
    assert len(issuer.calls) == 1
    clock.now += 1.1
    issuer.usual = token("t")
    assert tokens.token() == "t"


def test_an_unreachable_token_server_is_temporary(server: HttpGatewayServer, clock: Clock) -> None:
    tokens = ClientCredentials(f"http://127.0.0.1:{closed_port()}/", client_id="a", client_secret="b")
    gateway = HttpGateway(server.url, dialect=Dialect(tokens=tokens))
    with pytest.raises(TemporaryGatewayError) as caught:
        gateway.send(sms())
    assert type(caught.value) is TemporaryGatewayError
    assert server.calls == []


def test_a_refused_token_is_replaced_once_for_all(server: HttpGatewayServer, clock: Clock) -> None:
    with HttpGatewayServer() as issuer:
        issuer.script(token("old"), Answer(200, token("new").body, delay=0.2))
        gateway = HttpGateway(server.url, dialect=Dialect(tokens=credentials(issuer, clock)))
        server.usual = NO
        all_refused = threading.Timer(0.1, lambda: setattr(server, "usual", Answer(200)))
        all_refused.start()
        with ThreadPoolExecutor(8) as pool:
            references = list(pool.map(lambda _: gateway.send(sms()), range(8)))
        gateway.close()
        assert all(references)
        assert len(issuer.calls) == 2
    assert {call.headers["authorization"] for call in server.calls} == {"Bearer old", "Bearer new"}


def test_a_provider_that_refuses_the_new_token_too_is_at_fault(
    server: HttpGatewayServer, issuer: HttpGatewayServer, clock: Clock
) -> None:
    issuer.script(token("a"), token("b"))
    server.usual = NO
    gateway = HttpGateway(server.url, dialect=Dialect(tokens=credentials(issuer, clock)))
    with pytest.raises(GatewayAtFault):
        gateway.send(sms())
    assert (len(server.calls), len(issuer.calls)) == (2, 2)

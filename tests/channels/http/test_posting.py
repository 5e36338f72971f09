"""Posting to a provider: errors where there is no answer, and the meaning of refusals."""

import socket
from collections.abc import Iterator

import pytest

from channels.answers.references import reference
from channels.http.posting import Answer as Told
from channels.http.posting import Poster, refusal
from domain.errors import ConfigurationError
from domain.gateway_errors import (
    GatewayError,
    RateLimited,
    TemporaryGatewayError,
    UnknownResult,
    WrongGateway,
)
from tests.channels.conftest import Authority
from tests.servers.http import DROP, RESET, SILENCE, Answer, HttpGatewayServer
from tests.servers.thread import closed_port


@pytest.fixture
def server() -> Iterator[HttpGatewayServer]:
    with HttpGatewayServer() as started:
        yield started


def failure(url: str, **changes: object) -> TemporaryGatewayError:
    poster = Poster(url, seconds=0.5, **changes)  # type: ignore[arg-type]
    with pytest.raises(TemporaryGatewayError) as caught:
        poster.post(b"{}", {})
    poster.close()
    return caught.value


def test_an_answer_is_read(server: HttpGatewayServer) -> None:
    server.script(Answer(201, body={"id": 5}, headers={"Retry-After": "7"}))
    poster = Poster(server.url + "?a=b")
    answer = poster.post(b"{}", {"X-Key": "k"})
    poster.close()
    assert (answer.status, answer.accepted, answer.temporary, answer.retry_after) == (201, True, False, 7.0)
    assert answer.table() == {"id": 5}
    (call,) = server.calls
    assert (call.target, call.body, call.headers["x-key"]) == ("/sms?a=b", b"{}", "k")
    assert call.headers["host"] == poster.host


@pytest.mark.parametrize("answer", [SILENCE, DROP, RESET])
def test_a_lost_answer_leaves_the_result_unknown(server: HttpGatewayServer, answer: Answer) -> None:
    server.script(answer)
    assert isinstance(failure(server.url), UnknownResult)
    assert len(server.calls) == 1


def test_a_request_never_sent_is_temporary(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    def lookup(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    closed = failure(f"http://127.0.0.1:{closed_port()}/")
    with HttpGatewayServer(tls=authority.server_context()) as server:
        untrusted = failure(server.url)
    with HttpGatewayServer() as server:
        no_tls = failure(server.url.replace("http:", "https:"), ca_file=authority.file)
    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    unknown = failure("http://gateway.invalid/")
    for error in (closed, untrusted, no_tls, unknown):
        assert not isinstance(error, UnknownResult)
        assert error.__cause__ is None


def test_an_answer_that_breaks_off_has_no_body(server: HttpGatewayServer) -> None:
    server.script(Answer(200, body="half", headers={"Content-Length": "100"}, drop=True))
    answer = Poster(server.url, seconds=2).post(b"{}", {})
    assert (answer.accepted, answer.body, answer.table()) == (True, None, {})


@pytest.mark.parametrize("body", [b"", b"[1]", b"5", b"\xff", b"[" * 50_000, b"{"])
def test_a_body_that_is_not_an_object_is_an_empty_table(body: bytes) -> None:
    assert Told(200, {}, body).table() == {}


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://x.org/a", "x.org"),
        ("https://x.org:443/", "x.org"),
        ("http://x.org:80/", "x.org"),
        ("https://x.org:8443/", "x.org:8443"),
        ("http://[::1]:9000/", "[::1]:9000"),
    ],
)
def test_the_host_equals_the_host_header(url: str, host: str) -> None:
    assert Poster(url).host == host


@pytest.mark.parametrize("url", ["ftp://x.org/", "x.org", "http://", "http://x.org:99999/", "http://ü.org/"])
def test_an_unusable_url_is_refused_at_once(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^url: "):
        Poster(url)


def test_refusals_are_classified_by_code_then_by_status() -> None:
    errors = {"7": GatewayError, "1": TemporaryGatewayError}

    def judged(code: object, status: int, **headers: str) -> GatewayError:
        return refusal("Acme", code, errors, Told(status, headers, b""))

    assert type(judged(7, 500)) is GatewayError
    assert judged("7", 400).reason == "Acme refused: 7"
    assert type(judged("1", 200)) is TemporaryGatewayError
    assert type(judged("99", 429)) is RateLimited
    assert type(judged("99", 503)) is TemporaryGatewayError
    assert type(judged("99", 400)) is WrongGateway
    assert judged("call +8613812345678", 400).reason == "Acme refused: status 400"
    assert judged(None, 404).reason == judged(["7"], 404).reason == "Acme refused: status 404"
    late = judged("1", 429, **{"Retry-After": "9"})
    assert isinstance(late, TemporaryGatewayError)
    assert late.retry_after == 9


@pytest.mark.parametrize(
    ("found", "kept"), [("a\r\nb", "ab"), (5, "5"), (True, None), (None, None), (["a"], None), (" ", None)]
)
def test_a_reference_is_fit_to_be_stored(found: object, kept: str | None) -> None:
    assert reference(found) == kept

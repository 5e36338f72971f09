"""How long a body may get."""

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient
from waitress.adjustments import Adjustments

from serving.ceilings import Ceilings
from serving.parser import PROBLEM, Parser
from tests.api.conftest import new_caller

CHUNKED = b"Transfer-Encoding: chunked\r\n"


@pytest.fixture
def parser(monkeypatch: pytest.MonkeyPatch) -> Parser:
    monkeypatch.setattr(Adjustments, "ceilings", Ceilings(100, {"/api/v1/broadcasts": 1000}), raising=False)
    return Parser(Adjustments())


def begin(parser: Parser, path: str, frame: bytes) -> Parser:
    parser.received(b"POST %s HTTP/1.1\r\nHost: x\r\n%s\r\n" % (path.encode(), frame))
    return parser


def test_the_longest_path_that_fits_decides() -> None:
    ceilings = Ceilings(1, {"/a": 2, "/a/b": 3})
    assert [ceilings.of(path) for path in ("/", "/ab", "/a", "/a/c", "/a/b", "/a/b/c")] == [1, 1, 2, 2, 3, 3]


@pytest.mark.parametrize(
    ("path", "most"), [("/x", 100), ("/api/v1/broadcasts", 1000), ("//api/v1/broadcasts/a", 1000)]
)
def test_a_length_above_the_ceiling_is_refused_with_the_headers(parser: Parser, path: str, most: int) -> None:
    assert not begin(Parser(parser.adj), path, b"Content-Length: %d\r\n" % most).error
    refused = begin(parser, path, b"Content-Length: %d\r\nExpect: 100-continue\r\n" % (most + 1))
    assert (refused.completed, refused.error.code, refused.expect_continue) == (True, 413, False)


@pytest.mark.parametrize(("path", "most"), [("/x", 100), ("/api/v1/broadcasts", 1000)])
def test_chunks_are_refused_as_soon_as_there_are_too_many(parser: Parser, path: str, most: int) -> None:
    begin(parser, path, CHUNKED)
    for _ in range(most // 10):
        parser.received(b"a\r\n0123456789\r\n")
        assert not parser.error
    parser.received(b"1\r\n0\r\n")
    assert (parser.completed, parser.error.code) == (True, 413)


def test_only_a_long_body_that_is_allowed_begins_early(parser: Parser) -> None:
    frames = [("/x", 100), ("/x", 101), ("/api/v1/broadcasts", 100), ("/api/v1/broadcasts", 101)]
    begun = [begin(Parser(parser.adj), path, b"Content-Length: %d\r\n" % length) for path, length in frames]
    assert [one.is_long for one in begun] == [False, False, False, True]


def test_the_refusal_is_the_one_of_the_api(app: Flask, client: FlaskClient) -> None:
    caller = new_caller(app)
    refused = caller.send("/api/v1/verifications", b" " * 65_537)
    # what the server refuses by itself has no request, and so no id
    assert refused.json == {**PROBLEM, "request_id": refused.headers["X-Request-Id"]}
    error = begin(Parser(Adjustments()), "/api/v1/messages", b"Content-Length: 65537\r\n").error
    status, headers, body = error.to_response()
    assert (status[:3], dict(headers)["Content-Type"]) == ("413", "application/problem+json")
    assert json.loads(body) == PROBLEM


def test_subjects_of_the_api_tell_the_servers_what_they_take(app: Flask) -> None:
    assert Adjustments.ceilings.of("/api/v1/broadcasts") == 8 * 1024 * 1024
    assert Adjustments.ceilings.of("/api/v1/messages") == 64 * 1024

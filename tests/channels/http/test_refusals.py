"""What a provider's refusals mean."""

from collections.abc import Mapping
from typing import Any

import pytest

from channels.answers.finding import Document
from channels.http.posting import Answer
from channels.http.refusals import read_refusals
from channels.options import Options
from domain.errors import ConfigurationError
from domain.gateway_errors import (
    GatewayAtFault,
    GatewayError,
    RateLimited,
    TemporaryGatewayError,
    UnknownResult,
    WrongGateway,
)

CODES = {
    "json": ["error.code", "code"],
    "later": [5, "E1*"],
    "rate": "BUSY",
    "another": ["E12", "NO_ROUTE"],
    "account": ["E1234"],
    "final": ["BAD"],
    "unknown": ["TIMEOUT"],
    "statuses": {"another": [400], "final": [404], "rate": [503]},
}


def error(table: Mapping[str, Any] | None, status: int, body: str = "", rule: Any = None) -> GatewayError:
    answer = Answer(status, {"Retry-After": "7"}, body.encode())
    refusals = read_refusals(Options(table, "here") if table is not None else None)
    return refusals.error(answer, Document(answer.body or b"", answer.headers), rule)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, '{"code": 5}', TemporaryGatewayError),
        (400, '{"code": "E10"}', TemporaryGatewayError),
        (400, '{"code": "E12"}', WrongGateway),
        (400, '{"code": "E1234"}', GatewayAtFault),
        (200, '{"error": {"code": "BUSY"}}', RateLimited),
        (500, '{"code": "BAD"}', GatewayError),
        (200, '{"code": "TIMEOUT"}', UnknownResult),
        (400, '{"code": "other"}', WrongGateway),
        (400, "", WrongGateway),
        (404, "", GatewayError),
        (503, "", RateLimited),
        (500, "", TemporaryGatewayError),
        (429, "", RateLimited),
        (401, "", GatewayAtFault),
        (422, "", GatewayError),
    ],
)
def test_the_code_decides_and_then_the_status(status: int, body: str, kind: type[GatewayError]) -> None:
    found = error(CODES, status, body)
    assert type(found) is kind
    assert not isinstance(found, TemporaryGatewayError) or found.retry_after == 7


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, '{"code": 300, "text": "bad To: x"}', GatewayError),
        (400, '{"code": 300, "text": "bad From: x"}', WrongGateway),
        (400, '{"code": 1, "text": "bad To: x"}', GatewayAtFault),
        (503, '{"code": 300, "text": "bad To: x"}', TemporaryGatewayError),
        (400, '{"code": 300, "text": null}', WrongGateway),
        (400, "bad To: x", WrongGateway),
    ],
)
def test_a_sentence_makes_final_what_code_and_status_leave_open(
    status: int, body: str, kind: type[GatewayError]
) -> None:
    final_if = {"json": ["error.text", "text"], "matches": "^bad To"}
    table = {"json": "code", "account": [1], "final_if": final_if, "otherwise": "another"}
    found = error(table, status, body)
    assert type(found) is kind
    assert "x" not in found.reason


@pytest.mark.parametrize("final_if", [{"json": "text"}, {"matches": "x"}, {"json": "text", "matches": "("}])
def test_a_sentence_needs_a_path_and_a_pattern(final_if: Mapping[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="final_if"):
        error({"final_if": final_if}, 400)


def test_what_nothing_explains_is_otherwise() -> None:
    table = {"otherwise": "another"}
    assert type(error(table, 422)) is WrongGateway
    assert type(error(table, 503)) is TemporaryGatewayError
    assert type(error(table, 401)) is GatewayAtFault
    assert type(error(table, 200, rule=GatewayError)) is WrongGateway
    assert type(error({}, 200, rule=TemporaryGatewayError)) is TemporaryGatewayError
    assert type(error(None, 422)) is GatewayError


@pytest.mark.parametrize(
    ("place", "body"),
    [
        ({"xml": "code"}, "<r><code>17</code></r>"),
        ({"matches": r"^ERR (\d+)"}, "ERR 17: no"),
        ({"header": "Retry-After", "later": ["7"]}, ""),
    ],
)
def test_a_code_may_be_anywhere(place: Mapping[str, Any], body: str) -> None:
    assert type(error({"later": ["17"], **place}, 400, body)) is TemporaryGatewayError


def test_only_what_looks_like_a_code_is_repeated() -> None:
    assert error(CODES, 400, '{"code": "E12"}').reason == "the provider refused: E12"
    for body in ('{"code": "to +8613812345678"}', '{"code": {"a": 1}}', '{"code": "' + "9" * 65 + '"}'):
        assert error(CODES, 400, body).reason == "the provider answered 400"
    assert error({}, 200, rule=GatewayError).reason == "the provider's answer does not meet `success`"

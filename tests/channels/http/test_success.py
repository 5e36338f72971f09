"""The rule that decides whether a provider's 2xx answer means success."""

import re

import pytest

from channels.answers.finding import Document, JsonPaths, Pattern
from channels.http.success import Success
from domain.gateway_errors import GatewayError, TemporaryGatewayError


def met(rule: Success, body: bytes) -> bool:
    return rule.is_met(Document(body, {}))


@pytest.mark.parametrize(
    ("path", "equals", "body"),
    [
        ("code", "0", b'{"code": 0}'),
        ("code", "0", b'{"code": "0"}'),
        ("ok", "true", b'{"ok": true}'),
        ("data.list.0.status", "sent", b'{"data": {"list": [{"status": "sent"}]}}'),
        ("error", "null", b'{"error": null}'),
    ],
)
def test_a_value_in_the_json_means_success(path: str, equals: str, body: bytes) -> None:
    assert met(Success(JsonPaths([path]), {equals}), body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"code": 1}',
        b'{"code": false}',
        b'{"Code": 0}',
        b'{"code": [0]}',
        b"[0]",
        b"0",
        b"",
        b"\xff",
        b"[" * 99_999,
    ],
)
def test_anything_else_means_refusal(body: bytes) -> None:
    assert not met(Success(JsonPaths(["code"]), {"0"}), body)


def test_a_pattern_in_the_text_means_success() -> None:
    rule = Success(Pattern(re.compile(r"^(OK|0),")))
    assert met(rule, b"OK,17")
    assert not met(rule, b"NO,OK,17")


def test_a_refusal_is_final_unless_configured_otherwise() -> None:
    assert Success(JsonPaths(["code"])).otherwise is GatewayError
    assert Success(JsonPaths(["code"]), temporary=True).otherwise is TemporaryGatewayError

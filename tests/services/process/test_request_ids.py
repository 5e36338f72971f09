"""Request ids: kept if they are short and plain, else ours; in answers, problems and log lines."""

import logging
import re

import pytest

from services.process import request_ids

OURS = re.compile(r"[0-9a-f]{32}")


@pytest.fixture
def doors():
    """Open those whose answers are looked at."""
    return ("api", "cms")


@pytest.mark.parametrize("sent", ["web-1_7f3a.0001", "a" * 64, "5f0c2f0b1c7e4d0f9a3e6b8d2c4a1e70"])
def test_a_short_plain_id_is_kept(client, sent):
    for path in ("/healthz", "/cms/login", "/api/v1/messages", "/static/console.css", "/nowhere"):
        with client.get(path, headers={"X-Request-Id": sent}) as answer:
            assert answer.headers["X-Request-Id"] == sent


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "short",
        "a" * 65,
        "13800138000",
        "12345678",
        "kim@example.org",
        "a b c d e f",
        "ümläutid",
        "id\tid\tid",
    ],
)
def test_anything_else_is_replaced(client, sent):
    told = client.get("/healthz", headers={"X-Request-Id": sent}).headers["X-Request-Id"]
    assert OURS.fullmatch(told)
    assert told != client.get("/healthz").headers["X-Request-Id"]


def test_a_problem_repeats_the_id_of_its_answer(client):
    answer = client.post("/api/v1/verifications", json={})
    assert (answer.status_code, answer.json["request_id"]) == (401, answer.headers["X-Request-Id"])


def test_what_a_request_logs_ends_with_its_id(app, caplog):
    log = logging.getLogger("services.anything")
    with app.test_request_context("/", headers={"X-Request-Id": "one-request"}):
        log.warning("gateway %s is at 100%%", "main")
        log.warning("nothing to fill in: 100%")
    log.warning("outside")
    assert caplog.messages == [
        "gateway main is at 100% [request one-request]",
        "nothing to fill in: 100% [request one-request]",
        "outside",
    ]
    assert [getattr(record, "request_id", None) for record in caplog.records] == [
        "one-request",
        "one-request",
        None,
    ]


def test_the_factory_is_put_in_once(app):
    request_ids.init_app(app)
    assert not isinstance(logging.getLogRecordFactory()._plain, request_ids._Factory)

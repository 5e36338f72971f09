"""Errors that no view raises on purpose."""

import logging

import pytest
from sqlalchemy.exc import OperationalError

from services.codes import verifications
from tests.api.conftest import NUMBER, problem, stop_database

URL = "/api/v1/verifications"


@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/",
        "/api/v1",
        "/api/v2/verifications",
        f"{URL}/",
        "/api/docs/x",
        "/healthz/x",
        "/metrics/",
    ],
)
def test_an_unknown_path_is_a_problem(client, path):
    for method in ("GET", "POST", "DELETE"):
        problem(client.open(path, method=method), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", URL, {"POST", "OPTIONS"}),
        ("PUT", f"{URL}/{'0' * 32}", {"GET", "HEAD", "OPTIONS"}),
        ("GET", f"{URL}/{'0' * 32}/check", {"POST", "OPTIONS"}),
        ("POST", "/healthz", {"GET", "HEAD", "OPTIONS"}),
        ("POST", "/api/openapi.json", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_a_wrong_method_is_a_problem_that_lists_the_allowed_ones(client, method, path, allowed):
    answer = client.open(path, method=method, json={})
    problem(answer, 405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == allowed


def test_a_path_outside_the_api_gets_no_problem(client):
    assert client.get("/apiary").content_type != "application/problem+json"


def test_a_bug_is_a_500_without_details_and_a_log_line_with_them(caller, monkeypatch, caplog):
    def stumble(*_):
        raise KeyError("a secret detail")

    monkeypatch.setattr(verifications, "issue", stumble)
    with caplog.at_level(logging.ERROR):
        answer = caller.post(URL, {"channel": "sms", "to": NUMBER})
    problem(answer, 500, "internal_error")
    assert "secret" not in answer.text
    assert "unexpected error in verifications.issue" in caplog.text


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_database_that_does_not_answer_is_503(app, caller, method, caplog):
    stop_database(app)
    path, body = (URL, {"channel": "sms", "to": NUMBER}) if method == "post" else (f"{URL}/{'0' * 32}", None)
    answer = caller.post(path, body, Idempotency_Key="k") if method == "post" else caller.get(path)
    problem(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
    assert "SELECT" not in answer.text
    assert NUMBER not in caplog.text


def test_an_error_of_the_database_shows_no_destination_in_the_log(caller, monkeypatch, caplog):
    def fail(*_):
        raise OperationalError("SELECT 1", {"to": NUMBER}, Exception("gone"))

    monkeypatch.setattr(verifications, "issue", fail)
    problem(caller.post(URL, {"channel": "sms", "to": NUMBER}), 503, "unavailable")
    assert NUMBER not in caplog.text

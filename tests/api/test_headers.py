"""The headers of every answer."""

import pytest

from tests.api.conftest import NUMBER

URL = "/api/v1/verifications"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", URL, 202),
        ("GET", f"{URL}/{'0' * 32}", 404),
        ("GET", URL, 405),
        ("GET", "/api/nothing", 404),
        ("GET", "/api/openapi.json", 200),
        ("GET", "/api/docs", 200),
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 503),
        ("GET", "/metrics", 200),
    ],
)
def test_answers_forbid_caching_sniffing_and_framing_and_set_no_cookie(caller, method, path, status):
    body = {"channel": "sms", "to": NUMBER} if method == "POST" else None
    answer = caller.client.open(path, method=method, json=body, headers=caller.headers)
    assert answer.status_code == status
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in answer.headers


def test_other_paths_are_left_to_other_doors(client):
    with client.get("/static/api-docs.css") as answer:
        assert answer.status_code == 200
        assert answer.headers.get("Cache-Control") != "no-store"

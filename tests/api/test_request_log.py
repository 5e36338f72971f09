"""What the log says of a program's requests, and what it never says."""

import sqlalchemy as sa

from exts import db
from models import ApiRequest
from services.process.parts import part
from services.request_log.noting import RequestLog
from tests.api.conftest import NUMBER, new_caller

URL = "/api/v1/verifications"


def logged(app):
    """Return the log, oldest first."""
    with app.app_context():
        part(RequestLog).write()
        rows = db.session.scalars(sa.select(ApiRequest).order_by(ApiRequest.id)).all()
        return [(row.method, row.path, row.status, row.code) for row in rows]


def test_calls_and_their_problems_are_logged_with_the_path_of_the_document(app, caller):
    made = caller.verify()
    caller.get(f"{URL}/{made['id']}")
    caller.get(f"{URL}/{'0' * 32}")
    caller.post(f"{URL}/{made['id']}/check", {"code": "x"})
    caller.post(f"{URL}/{made['id']}/resend")
    caller.client.get("/api/v1/messages?limit=1", headers={**caller.headers, "X-Request-Id": "my-request"})
    assert logged(app) == [
        ("POST", URL, 202, None),
        ("GET", f"{URL}/{{verification_id}}", 200, None),
        ("GET", f"{URL}/{{verification_id}}", 404, "not_found"),
        ("POST", f"{URL}/{{verification_id}}/check", 422, "malformed_code"),
        ("POST", f"{URL}/{{verification_id}}/resend", 429, "limit_exceeded"),
        ("GET", "/api/v1/messages", 200, None),
    ]
    with app.app_context():
        rows = db.session.execute(sa.select(ApiRequest.__table__)).all()
        assert {row.api_key_id for row in rows} == {caller.view.id}
        assert "my-request" in {row.request_id for row in rows}
        told = repr(rows)
        assert NUMBER not in told
        assert made["id"] not in told
        assert "limit=1" not in told


def test_paths_are_those_of_the_document(app, caller):
    known = caller.client.get("/api/openapi.json").json["paths"]
    caller.verify()
    caller.get(f"{URL}/{'0' * 32}")
    assert {path for _, path, _, _ in logged(app)} <= set(known)


def test_a_replayed_error_has_its_code_again(app, caller):
    for _ in range(2):
        answer = caller.post(URL, {"channel": "sms"}, Idempotency_Key="one")
    assert answer.headers["Idempotent-Replayed"] == "true"
    assert logged(app) == [("POST", URL, 422, "invalid_input")] * 2


def test_a_refused_key_is_logged_and_an_unknown_one_is_not(app, client):
    elsewhere = new_caller(app, networks=["203.0.113.7"])
    reader = new_caller(app, scopes=["read"])
    elsewhere.get("/api/v1/messages")
    reader.post(URL, {"channel": "sms", "to": NUMBER})
    client.get("/api/v1/messages", headers={"Authorization": "Bearer sc_live_unknown"})
    client.get("/api/v1/nowhere")
    assert logged(app) == [
        ("GET", "/api/v1/messages", 403, "address_not_allowed"),
        ("POST", URL, 403, "not_allowed"),
    ]


def test_a_bug_is_logged_as_an_error(app, caller, monkeypatch):
    monkeypatch.setattr("services.codes.verifications.issue", lambda *_: 1 / 0)
    caller.post(URL, {"channel": "sms", "to": NUMBER})
    assert logged(app) == [("POST", URL, 500, "internal_error")]

"""Access to the API: keys, scopes and rate limits."""

import pytest
from sqlalchemy import func, select

from exts import db
from models import Verification
from services.keys import api_keys
from tests.api.conftest import NUMBER, new_caller, problem

URL = "/api/v1/verifications"
NEW = {"channel": "sms", "to": NUMBER}
POSTS = [
    (URL, NEW),
    (f"{URL}/check", {"to": NUMBER, "code": "123456"}),
    *((f"{URL}/{'0' * 32}/{call}", {"code": "123456"}) for call in ("check", "resend", "cancel")),
]


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer sc_live_nobody",
        "Bearer " + "x" * 5000,
        "Bearer \xff\x80",
        "Basic c2NfbGl2ZV86",
        "Token {key}",
        "{key}",
        "Bearer {key}x",
        "Bearer {key} {key}",
    ],
)
def test_a_call_without_a_valid_key_is_401(caller, authorization):
    headers = {} if authorization is None else {"Authorization": authorization.format(key=caller.key)}
    for answer in (
        caller.client.get(f"{URL}/{'0' * 32}", headers=headers),
        *(caller.client.post(path, json=body, headers=headers) for path, body in POSTS),
    ):
        problem(answer, 401, "not_authenticated")
        assert "sc_" not in answer.text


def test_the_scheme_is_case_insensitive(caller):
    for scheme in ("bearer", "BEARER"):
        headers = {"Authorization": f"{scheme} {caller.key}"}
        assert caller.client.get(f"{URL}/{'0' * 32}", headers=headers).status_code == 404


def test_a_revoked_key_is_401_at_once_in_the_process_that_revoked_it(app, caller):
    made = caller.verify()
    with app.app_context():
        api_keys.revoke(caller.view.id)
    problem(caller.get(f"{URL}/{made['id']}"), 401, "not_authenticated")


def test_a_key_may_do_only_what_its_scopes_say(app, sms):
    sender = new_caller(app, scopes=["verifications"])
    made = sender.verify()
    assert sender.get(f"{URL}/{made['id']}").status_code == 200
    for scopes, may_look in ((["read"], True), (["messages"], False), (["messages", "read"], True)):
        other = new_caller(app, scopes=scopes)
        looked = other.get(f"{URL}/{made['id']}")
        problem(looked, 404, "not_found") if may_look else problem(looked, 403, "not_allowed")
        for path, body in POSTS:
            problem(other.post(path, body), 403, "not_allowed")
    assert len(sms.sent) == 1


def test_a_refused_key_stores_no_idempotent_answer(app):
    reader = new_caller(app, scopes=["read"])
    for _ in range(2):
        answer = reader.post(URL, NEW, Idempotency_Key="k")
        problem(answer, 403, "not_allowed")
        assert "Idempotent-Replayed" not in answer.headers


def test_too_many_calls_of_one_key_are_429(app, caller):
    app.config["KEY_REQUESTS_PER_MINUTE"] = 3
    other = new_caller(app, "other")
    for _ in range(3):
        problem(caller.get(f"{URL}/{'0' * 32}"), 404, "not_found")
    refused = problem(caller.post(URL, NEW), 429, "limit_exceeded")
    assert refused["limit"] == "key_requests_per_minute"
    other.verify()
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Verification)) == 1


def test_every_call_below_v1_is_guarded(app):
    client = app.test_client()
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1")]
    assert len(rules) >= 6
    for rule in rules:
        path = rule.rule.replace("<", "").replace(">", "")
        for method in rule.methods - {"OPTIONS", "HEAD"}:
            problem(client.open(path, method=method), 401, "not_authenticated")


def test_no_call_needs_or_takes_a_cookie(app, caller):
    app.config["WTF_CSRF_ENABLED"] = True
    with caller.client.session_transaction() as session:
        session["user"] = "somebody"
    answers = [caller.post(URL, NEW), caller.get(f"{URL}/{'0' * 32}"), caller.client.post("/api/v1/x")]
    assert [answer.status_code for answer in answers] == [202, 404, 404]
    for answer in answers:
        assert "Set-Cookie" not in answer.headers
        assert "Vary" not in answer.headers

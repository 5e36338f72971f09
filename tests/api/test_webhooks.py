"""/api/v1/webhooks"""

import pytest

from exts import db
from models import Webhook
from services.webhooks import endpoints
from tests.api.conftest import new_caller, problem

URL = "https://8.8.8.8/hook"
PATH = "/api/v1/webhooks"


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(endpoints, "FRESH_SECONDS", 0)


def add(caller, **fields):
    answer = caller.post(PATH, {"url": URL, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json


def change(caller, webhook_id, body):
    return caller.client.patch(f"{PATH}/{webhook_id}", json=body, headers=caller.headers)


def delete(caller, webhook_id):
    return caller.client.delete(f"{PATH}/{webhook_id}", headers=caller.headers)


def test_a_webhook_is_made_with_a_secret_that_is_shown_once(caller):
    answer = caller.post(PATH, {"url": URL, "events": ["verification.approved"], "description": "shop"})
    made = answer.json
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{PATH}/{made['id']}"
    assert made["secret"].startswith("whsec_")
    shown = {name: value for name, value in made.items() if name != "secret"}
    assert caller.get(f"{PATH}/{made['id']}").json == shown
    assert caller.get(PATH).json == {"webhooks": [shown]}
    assert shown["events"] == ["verification.approved"]
    assert shown["enabled"] is True


def test_a_repeated_call_gets_the_same_secret_and_makes_nothing_new(app, caller):
    first, second = (caller.post(PATH, {"url": URL}, Idempotency_Key="once") for _ in range(2))
    assert first.json == second.json
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(caller.get(PATH).json["webhooks"]) == 1


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://127.0.0.1/",
            "http://[::1]/",
            "http://169.254.169.254/",
            "http://10.0.0.8/",
            "ftp://8.8.8.8/",
        ),
        *("http://user:password@8.8.8.8/", "http://2130706433/", "http://localhost/", "", "https://"),
    ],
)
def test_an_address_that_is_not_public_is_refused(caller, url):
    refused = problem(caller.post(PATH, {"url": url}), 422, "invalid_input")
    assert [error["field"] for error in refused["errors"]] == ["url"]
    assert caller.get(PATH).json == {"webhooks": []}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": URL, "events": ["verification.eaten"]}, "events"),
        ({"url": URL, "events": "verification.sent"}, "events"),
        ({"url": URL, "events": [1]}, "events"),
        ({"url": URL, "secret": "whsec_mine"}, "secret"),
        ({"url": URL, "description": "x" * 251}, "description"),
    ],
)
def test_what_does_not_fit_is_refused(caller, body, field):
    refused = problem(caller.post(PATH, body), 422, "invalid_input")
    assert field in [error["field"] for error in refused["errors"]]


def test_a_change_touches_only_what_it_names(caller):
    made = add(caller, events=["message.sent"], description="shop")
    assert change(caller, made["id"], {"enabled": False}).json["enabled"] is False
    assert change(caller, made["id"], {"events": []}).json["events"] is None
    now = change(caller, made["id"], {"url": "https://8.8.4.4/", "enabled": True}).json
    assert now["url"] == "https://8.8.4.4/"
    assert now["enabled"] is True
    assert now["description"] == "shop"
    assert change(caller, made["id"], {"url": "http://127.0.0.1/"}).status_code == 422
    assert change(caller, made["id"], {"enabled": "no"}).status_code == 422


def test_a_removed_webhook_is_gone(caller):
    made = add(caller)
    assert delete(caller, made["id"]).status_code == 204
    assert caller.get(f"{PATH}/{made['id']}").status_code == 404
    assert delete(caller, made["id"]).status_code == 404


def test_a_rotation_shows_another_secret(caller):
    made = add(caller)
    rotated = caller.post(f"{PATH}/{made['id']}/rotate")
    assert rotated.status_code == 200
    assert rotated.json["secret"] != made["secret"]


def test_a_test_is_listed_and_can_be_replayed(caller):
    made = add(caller)
    sent = caller.post(f"{PATH}/{made['id']}/test")
    assert sent.status_code == 202
    assert (sent.json["type"], sent.json["status"]) == ("webhook.test", "waiting")
    listed = caller.get(f"{PATH}/{made['id']}/deliveries").json
    assert [one["id"] for one in listed["deliveries"]] == [sent.json["id"]]
    assert listed["next_cursor"] is None
    assert caller.get(f"{PATH}/{made['id']}/deliveries?status=failed").json["deliveries"] == []
    again = caller.post(f"{PATH}/{made['id']}/replay", {"delivery": sent.json["id"]})
    assert (again.status_code, again.json) == (202, {"replayed": 1})
    problem(caller.post(f"{PATH}/{made['id']}/replay", {"delivery": "0" * 32}), 404, "not_found")


def test_events_of_this_keys_codes_are_listed(caller):
    made = add(caller, events=["verification.created", "verification.sent"])
    caller.verify()
    listed = caller.get(f"{PATH}/{made['id']}/deliveries").json["deliveries"]
    assert {one["type"] for one in listed} == {"verification.created", "verification.sent"}


def test_a_key_sees_only_its_own(app, caller):
    made = add(caller)
    other = new_caller(app, "other")
    assert other.get(PATH).json == {"webhooks": []}
    paths = [f"{PATH}/{made['id']}{rest}" for rest in ("", "/deliveries", "/rotate", "/test", "/replay")]
    for path in paths[:2]:
        problem(other.get(path), 404, "not_found")
    for path in paths[2:]:
        problem(other.post(path), 404, "not_found")
    problem(change(other, made["id"], {"enabled": False}), 404, "not_found")
    problem(delete(other, made["id"]), 404, "not_found")


def test_the_scope_is_needed(app):
    reader = new_caller(app, "reader", scopes=["read"])
    assert reader.get(PATH).status_code == 200
    problem(reader.post(PATH, {"url": URL}), 403, "not_allowed")
    sender = new_caller(app, "sender", scopes=["verifications"])
    problem(sender.get(PATH), 403, "not_allowed")
    assert new_caller(app, "hooks", scopes=["webhooks"]).post(PATH, {"url": URL}).status_code == 201


def test_without_a_key_nothing(client):
    assert client.get(PATH).status_code == 401
    assert client.post(PATH, json={"url": URL}).status_code == 401


def test_a_request_that_fails_leaves_no_endpoint(app, caller):
    assert caller.post(PATH, {"url": URL, "events": ["x"]}, Idempotency_Key="a").status_code == 422
    with app.app_context():
        assert db.session.query(Webhook).count() == 0

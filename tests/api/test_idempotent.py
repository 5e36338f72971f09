"""Idempotency-Key, from the caller's side."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from exts import db
from models import IdempotentAnswer
from services.codes import verifications
from tests.api.conftest import NUMBER, new_caller, problem

URL = "/api/v1/verifications"
NEW = {"channel": "sms", "to": NUMBER}
BAD = {"channel": "sms", "to": "nobody"}


def replayed(answer):
    return answer.headers.get("Idempotent-Replayed")


def rows(app):
    with app.app_context():
        return db.session.scalars(select(IdempotentAnswer)).all()


def test_the_first_answer_is_replayed_with_its_status_and_location(caller, sms):
    first = caller.post(URL, NEW, Idempotency_Key="k")
    again = caller.post(URL, NEW, Idempotency_Key="k")
    assert (replayed(first), replayed(again)) == (None, "true")
    assert (again.status_code, again.data) == (202, first.data)
    assert again.headers["Location"] == first.headers["Location"]
    assert again.content_type == first.content_type
    assert len(sms.sent) == 1


def test_it_works_for_every_post(caller, code, sms):
    made = caller.verify()
    wrong = f"{(int(code()) + 1) % 1_000_000:06d}"
    for path, body in (
        (f"{URL}/{made['id']}/check", {"code": wrong}),
        (f"{URL}/check", {"to": NUMBER, "code": wrong}),
        (f"{URL}/{made['id']}/cancel", None),
    ):
        first = caller.post(path, body, Idempotency_Key=path)
        again = caller.post(path, body, Idempotency_Key=path)
        assert (first.status_code, replayed(first), replayed(again)) == (200, None, "true")
        assert again.data == first.data
    assert caller.get(f"{URL}/{made['id']}").json["attempts_left"] == 3


@pytest.mark.parametrize("key", ["a\tb", "a\x80b", "a\u2028b".encode().decode("latin-1")])
def test_a_key_with_control_characters_is_refused(caller, sms, key):
    problem(caller.post(URL, NEW, Idempotency_Key=key), 422, "invalid_input")
    assert sms.sent == []


def test_a_key_may_hold_255_characters_of_any_script(caller):
    key = ("ключ" * 64)[:255].encode().decode("latin-1")
    assert caller.post(URL, NEW, Idempotency_Key=key).status_code == 202


def test_another_body_or_path_with_the_same_key_is_422(caller, sms):
    caller.post(URL, NEW, Idempotency_Key="k")
    for path, body in ((URL, {**NEW, "purpose": "login"}), (f"{URL}/check", NEW)):
        refused = problem(caller.post(path, body, Idempotency_Key="k"), 422, "idempotency_key_reused")
        assert [error["field"] for error in refused["errors"]] == ["Idempotency-Key"]
    assert len(sms.sent) == 1


def test_keys_belong_to_the_api_key(app, caller, mails):
    one, other = caller, new_caller(app, "other")
    for each, to in ((one, "a@b.org"), (other, "c@d.org")):
        answer = each.post(URL, {"channel": "email", "to": to}, Idempotency_Key="k")
        assert (answer.status_code, replayed(answer)) == (202, None)
    assert len(mails.sent) == 2


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_has_1_to_255_characters(caller, key, sms):
    problem(caller.post(URL, NEW, Idempotency_Key=key), 422, "invalid_input")
    assert sms.sent == []


def test_a_key_may_be_long_and_hold_any_character(caller):
    for number, key in enumerate(("k" * 255, "ü", 'a b,c;d="e"', "0")):
        body = {"channel": "email", "to": f"{number}@b.org"}
        assert replayed(caller.post(URL, body, Idempotency_Key=key)) is None
        assert replayed(caller.post(URL, body, Idempotency_Key=key)) == "true"


def test_a_get_ignores_the_key(app, caller):
    made = caller.verify()
    headers = {**caller.headers, "Idempotency-Key": "k"}
    assert caller.client.get(f"{URL}/{made['id']}", headers=headers).status_code == 200
    assert rows(app) == []


@pytest.mark.parametrize(("body", "status"), [(BAD, 422), ({**NEW, "x": 1}, 422)])
def test_a_permanent_refusal_is_kept(caller, body, status):
    first = caller.post(URL, body, Idempotency_Key="k")
    again = caller.post(URL, body, Idempotency_Key="k")
    assert (first.status_code, again.status_code, replayed(again)) == (status, status, "true")
    assert (again.content_type, again.data) == ("application/problem+json", first.data)


def test_a_temporary_refusal_is_not_kept(app, caller, sms):
    caller.verify()
    problem(caller.post(URL, NEW, Idempotency_Key="k"), 429, "limit_exceeded")
    assert rows(app) == []
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=61), tick=True):
        answer = caller.post(URL, NEW, Idempotency_Key="k")
    assert (answer.status_code, replayed(answer)) == (202, None)


def test_a_failure_on_our_side_is_not_kept(app, caller, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(verifications, "issue", lambda *_: 1 / 0)
        problem(caller.post(URL, NEW, Idempotency_Key="k"), 500, "internal_error")
    assert rows(app) == []
    answer = caller.post(URL, NEW, Idempotency_Key="k")
    assert (answer.status_code, replayed(answer)) == (202, None)


POSTS = {
    "issue": (URL, NEW),
    "check": (f"{URL}/{{id}}/check", {"code": "{code}"}),
    "check by destination": (f"{URL}/check", {"to": NUMBER, "code": "{code}"}),
    "cancel": (f"{URL}/{{id}}/cancel", None),
    "message": ("/api/v1/messages", {"channel": "sms", "to": NUMBER, "text": "hello"}),
    "resend message": ("/api/v1/messages/{message}/resend", None),
    "broadcast": ("/api/v1/broadcasts", {"channel": "sms", "text": "hello", "recipients": [{"to": NUMBER}]}),
}


@pytest.mark.parametrize("name", POSTS)
def test_a_request_that_dies_before_its_answer_did_nothing_and_is_done_by_the_next(
    app, caller, code, monkeypatch, sms, name
):
    path, body = POSTS[name]
    notice = caller.post("/api/v1/messages", {"channel": "sms", "to": NUMBER, "text": "first"}).json
    made = {"id": "", "message": {"id": ""}} if name == "issue" else caller.verify()
    path = path.format(id=made["id"], message=notice["id"])
    if body and "{code}" in body.values():
        body = {**body, "code": code()}
    sent, seen = len(sms.sent), everything(app)
    with monkeypatch.context() as killed:
        killed.setitem(
            app.after_request_funcs, path.split("/")[3], []
        )  # nothing is left to run after a kill -9
        caller.post(path, body, Idempotency_Key="k")
    assert (len(sms.sent), everything(app)) == (sent, seen)
    answer = caller.post(path, body, Idempotency_Key="k")
    assert (answer.status_code, replayed(answer)) in [(200, None), (202, None)]
    if body and "code" in body:
        assert answer.json["valid"] is True
    again = caller.post(path, body, Idempotency_Key="k")
    assert (again.data, replayed(again)) == (answer.data, "true")


def everything(app):
    """Return every row that a request could write, but for when its key was used."""
    with app.app_context(), db.engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(table.select())))
            for table in db.metadata.sorted_tables
            if table.name != "api_key_secret"
        }


def test_an_answer_that_can_not_be_stored_means_that_nothing_was_done(caller, monkeypatch, sms):
    def fail(*_):
        raise OperationalError("UPDATE", {}, Exception("gone"))

    with monkeypatch.context() as broken:
        broken.setattr("services.idempotency.keep", fail)
        problem(caller.post(URL, NEW, Idempotency_Key="k"), 503, "unavailable")
    assert sms.sent == []
    answer = caller.post(URL, NEW, Idempotency_Key="k")
    assert (answer.status_code, replayed(answer)) == (202, None)
    assert len(sms.sent) == 1


def test_a_faster_request_with_the_same_key_answers_for_both(caller, monkeypatch, sms):
    answers = []
    issue = verifications.issue

    def slow(*arguments):
        if not answers:
            answers.append(None)
            with ThreadPoolExecutor(1) as other:
                answers[0] = other.submit(caller.post, URL, NEW, Idempotency_Key="k").result()
        return issue(*arguments)

    monkeypatch.setattr(verifications, "issue", slow)
    second = caller.post(URL, NEW, Idempotency_Key="k")
    assert (second.status_code, replayed(second), second.data) == (202, "true", answers[0].data)
    assert len(sms.sent) == 1


def test_stored_answers_contain_no_code(app, caller, code):
    made = caller.post(URL, NEW, Idempotency_Key="1").json
    caller.post(f"{URL}/{made['id']}/check", {"code": code() + "0"}, Idempotency_Key="2")
    caller.post(f"{URL}/{made['id']}/check", {"code": code()}, Idempotency_Key="3")
    kept = rows(app)
    assert len(kept) == 3
    for row in kept:
        text = str(row.body)
        for name in ("id", "to", "created_at", "expires_at", "resend_at"):
            text = text.replace(made[name], "")
        assert code() not in text.replace(made["message"]["id"], "")

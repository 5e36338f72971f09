"""`fallback` and `next-channel`, from the caller's side."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from exts import db
from models import clock
from services.codes.due_steps import DueSteps
from tests.api.conftest import NUMBER, problem

URL = "/api/v1/verifications"
MAIL = "kim@example.org"
BY_MAIL = {"channel": "email", "to": MAIL, "after_seconds": 30}


def test_the_steps_are_listed_and_the_code_of_the_second_is_right(app, caller, sms, mails):
    made = caller.verify(fallback=[BY_MAIL])
    assert made["steps"] == [
        {
            "channel": "sms",
            "to": NUMBER,
            "status": "queued",
            "after_seconds": None,
            "at": made["created_at"],
            "message": made["message"],
            "reason": None,
        },
        {
            "channel": "email",
            "to": MAIL,
            "status": "waiting",
            "after_seconds": 30,
            "at": None,
            "message": None,
            "reason": None,
        },
    ]
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=31), tick=True):
        DueSteps(app, app_engine(app))(clock.now())
    shown = caller.get(f"{URL}/{made['id']}").json
    assert (shown["steps"][1]["status"], shown["steps"][1]["message"]) == ("sent", shown["message"])
    guess = {"to": MAIL, "code": mails.sent[0].params["code"]}
    assert caller.post(f"{URL}/check", guess).json["valid"] is True


def app_engine(app):
    with app.app_context():
        return db.engine


def test_without_a_fallback_the_answer_has_no_steps(caller):
    made = caller.verify(fallback=[])
    assert "steps" not in made
    assert "steps" not in caller.get(f"{URL}/{made['id']}").json
    problem(caller.post(f"{URL}/{made['id']}/next-channel"), 409, "no_next_channel")


def test_the_next_channel_is_taken_at_once_and_safe_to_repeat(caller, mails):
    made = caller.verify(fallback=[BY_MAIL])
    path = f"{URL}/{made['id']}/next-channel"
    taken = caller.post(path, Idempotency_Key="once")
    assert (taken.status_code, taken.headers["Location"]) == (202, f"{URL}/{made['id']}")
    assert taken.json["message"] == taken.json["steps"][1]["message"]
    assert caller.post(path, Idempotency_Key="once").json == taken.json
    assert len(mails.sent) == 1
    problem(caller.post(path), 409, "no_next_channel")
    caller.post(f"{URL}/{made['id']}/cancel")
    problem(caller.post(path), 409, "conflict")
    problem(caller.post(f"{URL}/{'0' * 32}/next-channel"), 404, "not_found")


@pytest.mark.parametrize(
    "fallback",
    [
        "email",
        [1],
        [{}],
        [{"channel": "fax", "to": MAIL}],
        [{"channel": "email"}],
        [{"channel": "email", "to": MAIL, "after_seconds": 14}],
        [{"channel": "email", "to": MAIL, "after_seconds": "30"}],
        [{"channel": "email", "to": MAIL, "after_seconds": True}],
        [{"channel": "email", "to": MAIL, "after_seconds": 30.0}],
        [{"channel": "email", "to": MAIL, "wait": 30}],
        [BY_MAIL] * 4,
    ],
)
def test_a_wrong_fallback_names_its_field(caller, sms, fallback):
    answer = caller.post(URL, {"channel": "sms", "to": NUMBER, "fallback": fallback})
    found = problem(answer, 422, "invalid_input")
    assert [one["field"] for one in found["errors"]] == ["fallback"]
    assert not sms.sent


def test_null_is_the_same_as_leaving_out(caller):
    made = caller.verify(fallback=[{"channel": "sms", "to": None, "after_seconds": None}])
    assert [(one["to"], one["after_seconds"]) for one in made["steps"]] == [(NUMBER, None), (NUMBER, 60)]
    assert "steps" not in caller.verify("kim@example.org", fallback=None)

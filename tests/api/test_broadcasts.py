"""/api/v1/broadcasts, from the caller's side."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.statuses import Channel, SuppressionReason
from services.messaging import suppressions
from tests.api.conftest import new_caller, problem

URL = "/api/v1/broadcasts"
MAIL = {"channel": "email", "subject": "News", "text": "Dear {{ name }}"}


def people(count, **params):
    return [{"to": f"k{n}@example.com", "params": {"name": f"K{n}", **params}} for n in range(count)]


def later():
    return (datetime.now(UTC) + timedelta(hours=1)).isoformat()


def waiting(caller, count=3):
    return caller.post(URL, {**MAIL, "recipients": people(count), "send_at": later()}).json["id"]


def test_valid_recipients_get_it_and_invalid_ones_are_reported_by_index(app, caller, mails):
    with app.app_context():
        suppressions.add(Channel.EMAIL, "gone@example.com", SuppressionReason.UNSUBSCRIBED)
    recipients = [
        {"to": "kim@example.com", "params": {"name": "Kim & <Co>"}},
        {"to": "nobody"},
        {"to": "lee@example.com"},
        {"to": "KIM@example.com", "params": {"name": "again"}},
        {"to": "gone@example.com", "params": {"name": "Gone"}},
        "text",
        {"to": 5},
        {"to": "ann@example.com", "params": {"name": ["x"]}},
        {"to": "bob@example.com", "params": {"name": "Bob"}, "colour": "red"},
        {"to": "bob@example.com", "params": {"name": "Bob"}},
    ]
    answer = caller.post(URL, {**MAIL, "html": "<p>{{ name }}</p>", "recipients": recipients})
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"{URL}/{answer.json['id']}"
    assert set(answer.json) == {"id", "accepted", "rejected"}
    assert answer.json["accepted"] == 2
    assert [(one["index"], one["code"]) for one in answer.json["rejected"]] == [
        (1, "invalid_destination"),
        (2, "invalid_params"),
        (3, "duplicate"),
        (4, "suppressed"),
        (5, "invalid_recipient"),
        (6, "invalid_recipient"),
        (7, "invalid_params"),
        (8, "invalid_recipient"),
    ]
    assert all(one["detail"] for one in answer.json["rejected"])
    assert {(one.to, one.text, one.html) for one in mails.sent} == {
        ("kim@example.com", "Dear Kim & <Co>", "<p>Kim &amp; &lt;Co&gt;</p>"),
        ("bob@example.com", "Dear Bob", "<p>Bob</p>"),
    }
    assert all(one.unsubscribe_url for one in mails.sent)


def test_its_messages_are_counted_by_status(caller):
    made = caller.post(URL, {**MAIL, "recipients": people(5)}).json
    shown = caller.get(f"{URL}/{made['id']}").json
    assert (shown["status"], shown["accepted"], shown["rejected"]) == ("done", 5, 0)
    assert {status: count for status, count in shown["counts"].items() if count} == {"sent": 5}


def test_a_template_takes_its_parameters_from_each_recipient(caller, sms):
    recipients = [{"to": f"1380013800{n}", "params": {"text": f"no. {n}"}} for n in range(3)]
    made = caller.post(URL, {"channel": "sms", "template": "notice", "recipients": recipients}).json
    assert made["accepted"] == 3
    assert sorted(one.text for one in sms.sent) == [f"Sendcode: no. {n}" for n in range(3)]


def test_pause_holds_it_resume_sends_it_and_cancel_ends_it(caller, mails):
    made = caller.post(URL, {**MAIL, "recipients": people(3), "send_at": later()}).json["id"]
    assert caller.get(f"{URL}/{made}").json["status"] == "scheduled"
    for _ in range(2):
        assert caller.post(f"{URL}/{made}/pause").json["status"] == "paused"
    assert caller.post(f"{URL}/{made}/resume").json["status"] == "scheduled"
    for _ in range(2):
        canceled = caller.post(f"{URL}/{made}/cancel").json
        assert (canceled["status"], canceled["counts"]["canceled"]) == ("canceled", 3)
    for verb in ("pause", "resume"):
        problem(caller.post(f"{URL}/{made}/{verb}"), 409, "conflict")
    assert mails.sent == []


def test_a_finished_broadcast_can_not_be_stopped(caller):
    made = caller.post(URL, {**MAIL, "recipients": people(1)}).json["id"]
    for verb in ("pause", "resume", "cancel"):
        problem(caller.post(f"{URL}/{made}/{verb}"), 409, "conflict")


def test_a_single_message_of_a_broadcast_can_be_sent_again(caller, mails):
    caller.post(URL, {**MAIL, "recipients": people(2)})
    (first, _) = caller.get("/api/v1/messages").json["messages"]
    caller.post(f"/api/v1/messages/{first['id']}/resend")
    assert len(mails.sent) == 3
    assert mails.sent[2].text == next(one.text for one in mails.sent if one.id == first["id"])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"recipients": []}, "recipients"),
        ({"recipients": [{}] * 10_001}, "recipients"),
        ({"recipients": {}}, "recipients"),
        ({"recipients": None}, "recipients"),
        ({"subject": "a\nb"}, "subject"),
        ({"template": "notice"}, "text"),
        ({"send_at": "2099-01-01T00:00:00Z"}, "send_at"),
        ({"text": "x" * 60_001}, "text"),
        ({"to": "kim@example.com"}, "to"),
    ],
)
def test_an_error_about_the_whole_broadcast_is_refused(caller, mails, change, field):
    refused = problem(caller.post(URL, {**MAIL, "recipients": people(1), **change}), 422, "invalid_input")
    assert [error["field"] for error in refused["errors"]] == [field]
    assert mails.sent == []


def test_a_body_may_exceed_64_kib_here_but_not_8_mib(caller):
    assert (
        caller.post(URL, {**MAIL, "recipients": people(20, text="x" * 1990), "send_at": later()}).status_code
        == 202
    )
    assert caller.post(URL, {**MAIL, "recipients": [{"to": "x" * 1000}] * 9000}).status_code == 413
    assert (
        caller.post("/api/v1/messages", {**MAIL, "to": "k@example.com", "text": "x" * 66_000}).status_code
        == 413
    )


def test_a_repeated_call_gets_the_first_answer_and_sends_nothing_twice(caller, mails):
    recipients = [*people(2), *({"to": "x"} for _ in range(2000))]
    first = caller.post(URL, {**MAIL, "recipients": recipients}, Idempotency_Key="news")
    again = caller.post(URL, {**MAIL, "recipients": recipients}, Idempotency_Key="news")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json == first.json
    assert len(mails.sent) == 2


def test_a_broadcast_beyond_the_daily_sms_budget_is_refused_whole(app, caller, sms):
    app.config["SMS_SENDS_PER_DAY"] = 2
    recipients = [{"to": f"1380013800{n}"} for n in range(3)]
    body = {"channel": "sms", "text": "Hi", "recipients": recipients}
    assert problem(caller.post(URL, body), 429, "limit_exceeded")["limit"] == "sms_sends_per_day"
    assert caller.post(URL, {**body, "recipients": recipients[:2]}).json["accepted"] == 2
    assert len(sms.sent) == 2


def test_another_keys_broadcasts_do_not_exist(app, caller):
    made = waiting(caller)
    other = new_caller(app, "other")
    problem(other.get(f"{URL}/{made}"), 404, "not_found")
    for verb in ("pause", "resume", "cancel"):
        problem(other.post(f"{URL}/{made}/{verb}"), 404, "not_found")

"""/api/v1/messages, from the caller's side."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from services.keys.key_owners import Scope
from tests.api.conftest import NUMBER, new_caller, problem

URL = "/api/v1/messages"
MAIL = {"channel": "email", "to": "kim@example.com", "subject": "Hello", "text": "One\nTwo"}
SMS = {"channel": "sms", "to": NUMBER, "text": "Your parcel is here."}
MEMBERS = (
    *("id", "channel", "to", "template", "status", "result", "gateway", "gateway_reference"),
    *("tries", "error", "send_at", "created_at", "sent_at", "settled_at"),
)


def in_(seconds):
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def test_a_mail_is_accepted_with_its_location_and_sent_as_written(caller, mails):
    answer = caller.post(URL, {**MAIL, "to": " Kim@Example.com ", "html": "<p>One</p>"})
    assert answer.status_code == 202
    made = answer.json
    assert answer.headers["Location"] == f"{URL}/{made['id']}"
    assert tuple(made) == MEMBERS
    assert (made["to"], made["status"], made["result"], made["tries"]) == (
        "Kim@example.com",
        "queued",
        None,
        0,
    )
    (sent,) = mails.sent
    assert (sent.subject, sent.text, sent.html) == ("Hello", "One\nTwo", "<p>One</p>")
    now = caller.get(f"{URL}/{made['id']}").json
    assert (now["status"], now["result"], now["gateway"], now["tries"]) == ("sent", 0, "memory-mail", 1)
    assert now["gateway_reference"]
    assert "One" not in str(now)


def test_placeholders_are_filled_and_a_missing_value_is_refused_at_once(caller, sms):
    body = {**SMS, "text": "Order {{ number }} for {{ name }}", "params": {"number": 7, "name": "Kim"}}
    assert caller.post(URL, body).status_code == 202
    assert sms.sent[0].text == "Order 7 for Kim"
    refused = problem(caller.post(URL, {**body, "params": {"number": 7}}), 422, "invalid_input")
    assert refused["errors"] == [{"field": "params", "message": "lacks name"}]


@pytest.mark.parametrize(("locale", "text"), [("en", "Sendcode: late"), ("zh-CN", "【Sendcode】late")])
def test_a_template_is_rendered_in_the_locale(caller, sms, locale, text):
    body = {
        "channel": "sms",
        "to": NUMBER,
        "template": "notice",
        "params": {"text": "late"},
        "locale": locale,
    }
    assert caller.post(URL, body).json["template"] == "notice"
    assert (sms.sent[0].text, sms.sent[0].template) == (text, "notice")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": None}, "text"),
        ({"template": "notice"}, "text"),
        ({"text": ""}, "text"),
        ({"text": "a\x00b"}, "text"),
        ({"text": "x" * 1601}, "text"),
        ({"subject": "s"}, "subject"),
        ({"html": "<p>"}, "html"),
        ({"colour": 1}, "colour"),
        ({"to": "nobody"}, "to"),
        ({"to": "+1 202 555 0123"}, "to"),
        ({"channel": "fax"}, "channel"),
        ({"locale": "??"}, "locale"),
        ({"params": {"a": [1]}}, "params"),
        ({"params": {"a b": "x"}}, "params"),
        ({"params": {"service": "Bank"}}, "params"),
        ({"params": {"a": True}}, "params"),
        ({"send_at": "tomorrow"}, "send_at"),
        ({"send_at": "2026-01-01T00:00:00"}, "send_at"),
        ({"send_at": "9999-12-31T23:59:59Z"}, "send_at"),
        ({"send_at": "0001-01-01T00:00:00+14:00"}, "send_at"),
        ({"send_at": 5}, "send_at"),
    ],
)
def test_bad_input_names_its_field_and_sends_nothing(caller, sms, change, field):
    code = "invalid_input" if field != "to" else None
    answer = caller.post(URL, {**SMS, **change})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert code is None or answer.json["code"] == code
    assert sms.sent == []


@pytest.mark.parametrize("template", ["code", "email_changed", "../code", "nothing"])
def test_the_services_own_templates_can_not_be_sent_by_a_caller(caller, template):
    body = {"channel": "email", "to": "kim@example.com", "template": template, "params": {"code": "123456"}}
    refused = problem(caller.post(URL, body), 422, "invalid_input")
    assert refused["errors"] == [
        {"field": "template", "message": "is not known for this channel; known are: notice"}
    ]


def test_a_mail_needs_a_subject(caller):
    assert (
        problem(caller.post(URL, {**MAIL, "subject": None}), 422, "invalid_input")["errors"][0]["field"]
        == "subject"
    )
    body = {name: value for name, value in MAIL.items() if name != "subject"}
    assert problem(caller.post(URL, body), 422, "invalid_input")["errors"][0]["field"] == "subject"


def test_the_cool_down_of_codes_does_not_delay_notices_or_the_reverse(caller, sms):
    caller.verify()
    for _ in range(2):
        assert caller.post(URL, SMS).status_code == 202
    assert len(sms.sent) == 3


def test_send_at_waits_and_a_time_that_has_passed_is_now(caller, sms):
    made = caller.post(URL, {**SMS, "send_at": in_(60)}).json
    assert sms.sent == []
    assert caller.post(URL, {**SMS, "send_at": in_(-60)}).status_code == 202
    assert len(sms.sent) == 1
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=61), tick=True):
        caller.post(URL, {**MAIL})  # its bell wakes the drain; a worker would poll once a second
        assert caller.get(f"{URL}/{made['id']}").json["status"] == "sent"


def test_a_waiting_message_can_be_canceled_and_a_sent_one_can_not(caller, sms):
    made = caller.post(URL, {**SMS, "send_at": in_(60)}).json
    for _ in range(2):
        canceled = caller.post(f"{URL}/{made['id']}/cancel")
        assert (canceled.status_code, canceled.json["status"], canceled.json["result"]) == (
            200,
            "canceled",
            -1,
        )
    sent = caller.post(URL, SMS).json
    problem(caller.post(f"{URL}/{sent['id']}/cancel"), 409, "conflict")
    assert len(sms.sent) == 1


def test_a_settled_message_can_be_sent_again_as_a_new_one(caller, sms):
    first = caller.post(URL, {**SMS, "text": "Hi {{ name }}", "params": {"name": "Kim"}}).json
    again = caller.post(f"{URL}/{first['id']}/resend")
    assert again.status_code == 202
    assert again.json["id"] != first["id"]
    assert again.headers["Location"] == f"{URL}/{again.json['id']}"
    assert [one.text for one in sms.sent] == ["Hi Kim", "Hi Kim"]
    waiting = caller.post(URL, {**SMS, "send_at": in_(60)}).json
    problem(caller.post(f"{URL}/{waiting['id']}/resend"), 409, "conflict")


def test_a_code_is_shown_but_neither_canceled_nor_sent_again_here(caller):
    message = caller.verify()["message"]["id"]
    assert caller.get(f"{URL}/{message}").json["template"] == "code"
    for verb in ("cancel", "resend"):
        problem(caller.post(f"{URL}/{message}/{verb}"), 409, "conflict")


def test_the_list_continues_on_the_next_page_without_gaps(caller):
    made = [caller.post(URL, {**MAIL, "to": f"k{n}@example.com"}).json["id"] for n in range(5)]
    seen, cursor = [], ""
    while cursor is not None:
        page = caller.get(f"{URL}?limit=2{cursor and '&cursor=' + cursor}").json
        seen += [one["id"] for one in page["messages"]]
        cursor = page["next_cursor"]
        caller.post(URL, {**MAIL, "to": "new@example.com"})
    assert seen == made[::-1]


def test_the_list_is_filtered_by_status_channel_and_destination(caller):
    caller.post(URL, MAIL)
    waiting = caller.post(URL, {**SMS, "send_at": in_(60)}).json["id"]

    def ids(query):
        return [one["id"] for one in caller.get(f"{URL}?{query}").json["messages"]]

    assert ids("status=queued") == ids("channel=sms") == ids("to=138-0013-8000") == [waiting]
    assert len(ids("to=KIM@example.com")) == 1
    assert len(ids("")) == 2
    assert ids("status=sent&channel=sms") == []


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "limit=x", "status=gone", "cursor=abc", "cursor=%C3%A4", "to=nobody", "x=1"],
)
def test_a_bad_query_is_refused(caller, query):
    assert caller.get(f"{URL}?{query}").status_code == 422


def test_another_keys_messages_do_not_exist(app, caller):
    made = caller.post(URL, SMS).json["id"]
    other = new_caller(app, "other")
    problem(other.get(f"{URL}/{made}"), 404, "not_found")
    for verb in ("cancel", "resend"):
        problem(other.post(f"{URL}/{made}/{verb}"), 404, "not_found")
    assert other.get(URL).json == {"messages": [], "next_cursor": None}


def test_scopes_and_test_keys(app, sms):
    reader = new_caller(app, "reader", scopes=[Scope.READ])
    assert reader.get(URL).status_code == 200
    problem(reader.post(URL, SMS), 403, "not_allowed")
    trial = new_caller(app, "trial", is_test=True)
    made = trial.post(URL, SMS).json["id"]
    assert trial.get(f"{URL}/{made}").json["status"] == "sent"
    assert sms.sent == []


@pytest.mark.parametrize(
    "change",
    [
        {"text": "{{ a }}", "params": {"a": "x" * 1601}},
        {"text": "{{ a }}{{ a }}{{ a }}", "params": {"a": "x" * 600}},
        {"text": "{{ a }}", "params": {"a": " \u00a0\u3000"}},
        {"text": " \n "},
        {"text": None, "template": "notice", "params": {"text": "x" * 1601}},
    ],
)
def test_an_sms_that_is_blank_or_too_long_once_filled_in_is_refused(caller, sms, change):
    answer = caller.post(URL, {**SMS, **change})
    assert [error["field"] for error in problem(answer, 422, "invalid_input")["errors"]] == ["text"]
    body = {name: value for name, value in {**SMS, **change}.items() if name not in ("to", "params")}
    assert body.pop("text") is not None or body["template"]
    body |= {"text": change["text"]} if change["text"] else {}
    recipients = [{"to": "+8613800138000", "params": change.get("params", {})}]
    broadcast = caller.post("/api/v1/broadcasts", {**body, "recipients": recipients})
    assert [one["code"] for one in broadcast.json["rejected"]] == ["invalid_input"]
    assert sms.sent == []


@pytest.mark.parametrize("text", ["{{\u00a0name }}", "{{ name\u3000}}", "{{\u200bname}}"])
def test_any_white_space_inside_the_braces_is_understood(caller, sms, text):
    assert caller.post(URL, {**SMS, "text": text, "params": {"name": "Kim"}}).status_code == 202
    assert sms.sent[0].text == "Kim"


@pytest.mark.parametrize("field", ["text", "subject", "html"])
def test_braces_that_would_reach_people_are_refused(caller, mails, field):
    answer = caller.post(URL, {**MAIL, field: "Hello {{ first name }}"})
    errors = problem(answer, 422, "invalid_input")["errors"]
    assert errors == [{"field": field, "message": "has braces that are no placeholder: {{ first name }}"}]
    assert mails.sent == []


def test_a_mail_too_long_once_filled_in_is_refused(caller, mails):
    params = {"a": "中" * 2000}
    body = {**MAIL, "text": "{{ a }}" * 11, "params": params}
    assert problem(caller.post(URL, body), 422, "invalid_input")["errors"][0]["field"] == "text"
    many = {f"p{number}": '"' * 2000 for number in range(25)}
    broadcast = {"channel": "email", "subject": "Hello", "text": "x"}
    recipients = [{"to": MAIL["to"], "params": many}, {"to": "a@example.com", "params": params}]
    told = caller.post("/api/v1/broadcasts", {**broadcast, "recipients": recipients}).json
    assert (told["accepted"], [one["code"] for one in told["rejected"]]) == (1, ["invalid_params"])
    mails.sent.clear()
    told = caller.post(
        "/api/v1/broadcasts", {**broadcast, "text": body["text"], "recipients": recipients[1:]}
    )
    assert (told.json["accepted"], [one["code"] for one in told.json["rejected"]]) == (0, ["invalid_input"])
    assert mails.sent == []


def test_the_daily_budget_counts_segments(app, caller, sms):
    app.config["SMS_SENDS_PER_DAY"] = 4
    long = {**SMS, "text": "x" * 400}
    assert caller.post(URL, long).status_code == 202
    assert problem(caller.post(URL, long), 429, "limit_exceeded")["limit"] == "sms_sends_per_day"
    assert caller.post(URL, {**SMS, "text": "short"}).status_code == 202
    assert problem(caller.post(URL, SMS), 429, "limit_exceeded")["limit"] == "sms_sends_per_day"


def test_the_daily_budget_counts_sms_but_not_mails(app, caller):
    app.config["SMS_SENDS_PER_DAY"] = 1
    assert caller.post(URL, SMS).status_code == 202
    assert problem(caller.post(URL, SMS), 429, "limit_exceeded")["limit"] == "sms_sends_per_day"
    assert caller.post(URL, MAIL).status_code == 202


@pytest.mark.parametrize(
    "given", ["2026-03-01T09:30:00Z", "2026-03-01t09:30:00z", "2026-03-01t17:30:00+08:00"]
)
def test_a_message_tells_when_it_was_planned_for(caller, given):
    """RFC 3339 5.6 allows small letters."""
    made = caller.post(URL, {**SMS, "send_at": given})
    assert made.json["send_at"] == "2026-03-01T09:30:00.000000Z"
    assert caller.get(f"{URL}/{made.json['id']}").json["send_at"] == made.json["send_at"]
    assert caller.get(URL).json["messages"][0]["send_at"] == made.json["send_at"]
    assert caller.post(URL, SMS).json["send_at"] is None

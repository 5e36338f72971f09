"""Messages over plain HTTP: made, shown, listed, canceled, erased."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
from flask import Flask

from channels.memory import MemoryGateway
from domain.gateway_errors import GatewayError
from domain.owners import Owner
from domain.statuses import Channel
from exts import db
from models import Message, StatusCallback
from services.messaging import messages
from services.messaging.messages import Request
from tests.twilio_api.conftest import NUMBER, Program, new_program, refused


def iso(ahead: timedelta) -> str:
    return (datetime.now(UTC) + ahead).strftime("%Y-%m-%dT%H:%M:%SZ")


def send(program: Program, **fields: str):
    return program.post(f"{program.account}/Messages.json", **{"To": NUMBER, "Body": "Hello", **fields})


def one(program: Program, sid: str) -> str:
    return f"{program.account}/Messages/{sid}.json"


def test_a_new_message_has_twilios_body(program: Program, sms: MemoryGateway) -> None:
    answer = send(program, From="Shop", MessagingServiceSid="MG1")
    assert answer.status_code == 201
    made = answer.json
    assert re.fullmatch(r"SM[0-9a-f]{32}", made["sid"])
    path = f"/2010-04-01/Accounts/{program.credentials.account_sid}/Messages/{made['sid']}"
    assert made == {
        "sid": made["sid"],
        "account_sid": program.credentials.account_sid,
        "api_version": "2010-04-01",
        "status": "queued",
        "body": "Hello",
        "num_segments": "1",
        "num_media": "0",
        "direction": "outbound-api",
        "from": "Shop",
        "to": NUMBER,
        "date_created": made["date_created"],
        "date_updated": made["date_updated"],
        "date_sent": None,
        "price": None,
        "price_unit": None,
        "error_code": None,
        "error_message": None,
        "messaging_service_sid": "MG1",
        "uri": f"{path}.json",
        "subresource_uris": {"media": f"{path}/Media.json"},
    }
    assert parsedate_to_datetime(made["date_created"]).tzinfo is not None
    assert made["date_created"].endswith(" +0000")
    assert (sms.sent[-1].to, sms.sent[-1].text) == (NUMBER, "Hello")
    shown = program.get(one(program, made["sid"])).json
    assert (shown["status"], shown["body"]) == ("sent", None)
    assert parsedate_to_datetime(shown["date_sent"])


@pytest.mark.parametrize(
    "text", ["Hi {{ name }}", "{{", "{{{{a}}", "{{{ x }}}", "a\nb {% if %} {{service}}", "}}", "{{ braces }}"]
)
def test_a_text_is_sent_as_it_is(program: Program, sms: MemoryGateway, text: str) -> None:
    assert send(program, Body=text).json["body"] == text
    assert sms.sent[-1].text == text


def test_segments_are_counted(program: Program) -> None:
    made = send(program, Body="x" * 161).json
    assert made["num_segments"] == "2"
    assert program.get(one(program, made["sid"])).json["num_segments"] == "2"


def test_what_is_wrong_has_twilios_code(program: Program) -> None:
    for fields, status, code in (
        ({"To": ""}, 400, 21604),
        ({"To": "12"}, 400, 21211),
        ({"To": "jane@example.org"}, 400, 21211),
        ({"To": "whatsapp:+4915112345678"}, 400, 21211),
        ({"To": "+442079460958"}, 400, 21408),
        ({"Body": ""}, 400, 21602),
        ({"Body": " \n"}, 400, 21602),
        ({"Body": "x" * 1601}, 400, 21617),
        ({"MediaUrl": "http://x.org/a.png"}, 400, 21620),
        ({"SendAt": "soon", "ScheduleType": "fixed"}, 400, 35114),
        ({"SendAt": iso(timedelta(days=40)), "ScheduleType": "fixed"}, 400, 35114),
        ({"SendAt": "0001-01-01T00:00:00+23:00", "ScheduleType": "fixed"}, 400, 35114),
        ({"SendAt": iso(timedelta(hours=1))}, 400, 35126),
        ({"SendAt": iso(timedelta(hours=1)), "ScheduleType": "optimize"}, 400, 35126),
        ({"ScheduleType": "fixed"}, 400, 35111),
        ({"StatusCallback": "nowhere"}, 400, 21609),
    ):
        assert refused(send(program, **fields), status, code), fields


def test_a_scheduled_message_can_be_canceled(program: Program, sms: MemoryGateway) -> None:
    made = send(program, SendAt=iso(timedelta(hours=1)), ScheduleType="fixed").json
    assert made["status"] == "scheduled"
    canceled = program.post(one(program, made["sid"]), Status="canceled")
    assert (canceled.status_code, canceled.json["status"]) == (200, "canceled")
    assert sms.sent == []
    sent = send(program).json
    refused(program.post(one(program, sent["sid"]), Status="canceled"), 409, 30409)


def test_what_a_message_said_is_erased(app: Flask, program: Program) -> None:
    made = send(program).json
    answer = program.post(one(program, made["sid"]), Body="")
    assert (answer.status_code, answer.json["body"]) == (200, "")
    assert program.post(one(program, made["sid"]), Body="").status_code == 200
    with app.app_context():
        row = db.session.get(Message, made["sid"][2:])
        assert (row.sealed, row.status) == (None, "sent")
    waiting = send(program, SendAt=iso(timedelta(hours=1)), ScheduleType="fixed").json
    refused(program.post(one(program, waiting["sid"]), Body=""), 400, 20009)
    for fields in ({}, {"Body": "other"}, {"Status": "sent"}, {"Body": "", "Status": "x"}):
        refused(program.post(one(program, made["sid"]), **fields), 400, 20001)


def test_a_message_is_not_deleted(program: Program) -> None:
    made = send(program).json
    refused(program.client.delete(one(program, made["sid"]), auth=("a", "b")), 405, 20004)


def test_a_failure_has_a_code(program: Program, sms: MemoryGateway) -> None:
    sms.failures.append(GatewayError("no such number"))
    shown = program.get(one(program, send(program).json["sid"])).json
    assert (shown["status"], shown["error_code"]) == ("failed", 30008)
    assert "no such number" in shown["error_message"]


@pytest.mark.parametrize(
    ("digits", "status", "error"),
    [
        ("0001", "delivered", None),
        ("0002", "undelivered", 30003),
        ("0003", "failed", 30008),
        ("0004", "failed", 30036),
        ("0005", "sending", None),
        ("0006", "sent", None),
    ],
)
def test_the_number_chooses_what_becomes_of_a_tests_message(
    app: Flask, sms: MemoryGateway, digits: str, status: str, error: int | None
) -> None:
    program = new_program(app, is_test=True)
    made = send(program, To=f"+861380013{digits}").json
    shown = program.get(one(program, made["sid"])).json
    assert (shown["status"], shown["error_code"], sms.sent) == (status, error, [])


def test_codes_mails_and_others_messages_are_not_shown(app: Flask, program: Program) -> None:
    program.verify()
    other = send(new_program(app, "bank")).json["sid"]
    with app.app_context():
        owner = Owner(f"key:{program.view.id}")
        mail = messages.send(Request(Channel.EMAIL, "a@b.org", text="x", subject="y"), owner)
        code = db.session.scalars(db.select(Message.id).where(Message.verification_id.is_not(None))).one()
    for sid in (other, f"SM{mail.id}", f"SM{code}", "SM1", f"VE{mail.id}"):
        refused(program.get(one(program, sid)), 404, 20404)
        refused(program.post(one(program, sid), Status="canceled"), 404, 20404)
    assert program.get(f"{program.account}/Messages.json").json["messages"] == []


def test_the_list_has_pages_and_filters(program: Program) -> None:
    sids = [send(program, To=to).json["sid"] for to in (NUMBER, "+4915112345678", NUMBER)]
    path = f"{program.account}/Messages.json"
    first = program.get(path, PageSize="2", To="").json
    assert [one["sid"] for one in first["messages"]] == [sids[2], sids[1]]
    assert (first["page"], first["page_size"], first["start"], first["end"]) == (0, 2, 0, 1)
    assert first["previous_page_uri"] is None
    second = program.get(f"/twilio{first['next_page_uri']}").json
    assert [one["sid"] for one in second["messages"]] == [sids[0]]
    assert (second["page"], second["start"], second["next_page_uri"]) == (1, 2, None)
    assert len(program.get(path, To="+4915112345678").json["messages"]) == 1
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    for query, count in (
        ({"DateSent": today}, 3),
        ({"DateSent": "2020-01-01"}, 0),
        ({"DateSent>": iso(-timedelta(hours=1))}, 3),
        ({"DateSent<": iso(-timedelta(hours=1))}, 0),
    ):
        assert len(program.get(path, **query).json["messages"]) == count
    for query in (
        {"PageSize": "x"},
        {"Page": "-1"},
        {"PageToken": "x"},
        {"DateSent": "x"},
        {"PageSize": "٣"},
    ):
        refused(program.get(path, **query), 400, 20001)
    assert program.get(path, PageSize="99999999999").json["page_size"] == 50
    refused(program.get(path, To="x"), 400, 21211)


def test_an_address_for_call_backs_is_kept(app: Flask, program: Program) -> None:
    made = send(program, StatusCallback="https://shop.example/status").json
    with app.app_context():
        assert db.session.get(StatusCallback, made["sid"][2:])

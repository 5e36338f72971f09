"""Gateway type `ronglian`: its requests as ronglian_sms_sdk 1.0 makes them, with its clock set to 09:59:26 in China."""

import json
from datetime import timedelta, timezone
from typing import Any
from xml.etree import ElementTree

import pytest

from channels.receipts import Receipt, ReceiptAnswer, ReceiptRequest
from channels.sms.ronglian import ERRORS, RonglianGateway, signature
from domain.errors import ConfigurationError, InvalidInput
from domain.gateway_errors import (
    GatewayAtFault,
    GatewayError,
    TemporaryGatewayError,
    UnknownResult,
    WrongGateway,
)
from domain.statuses import MessageStatus
from tests.channels.conftest import base, options_of, refusal_of, refusals_of, sms
from tests.channels.sms.test_china import NOW, TOKEN
from tests.servers.http import Answer, HttpGatewayServer

ACCOUNT = "8aaf07085f5c54cf015f9fba28ee1063"
SECRET = "0f26f16e4a8d4680a586c6eb2a9f4678"
APPLICATION = "8aaf07085f5c54cf015f9fba29d8106a"
SIG = "C620D615ED4AE8EFC1B08C74736F7C02"
AUTHORIZATION = "OGFhZjA3MDg1ZjVjNTRjZjAxNWY5ZmJhMjhlZTEwNjM6MjAyNjAzMTQwOTU5MjY="
BODY = (
    b'{"to": "13812345678", "appId": "8aaf07085f5c54cf015f9fba29d8106a", "templateId": "1", '
    b'"datas": ["493817", "5"]}'
)
"""What the package sends for this account, token and time."""

SID = "4121908f3d1b4edb9210f0eb4742f62c"
SENT = Answer(200, {"statusCode": "000000", "templateSMS": {"dateCreated": "20260314", "smsMessageSid": SID}})
REPORT = {
    "action": "SMSArrived",
    "smsType": "1",
    "apiVersion": "2013-12-26",
    "content": SID,
    "fromNum": "13912345678",
    "dateSent": "20130923010000",
    "deliverCode": "DELIVRD",
    "recvTime": "20130923010010",
    "status": "0",
    "reqId": "123",
    "smsCount": "2",
}
DELIVERED = Receipt(MessageStatus.DELIVERED, gateway_reference=SID)
KEYS = {
    "account_sid": ACCOUNT,
    "auth_token": SECRET,
    "app_id": APPLICATION,
    "templates": {"code": {"id": "1", "params": ["code", "minutes"]}},
    "receipt_token": TOKEN,
}


def gateway(url: str | None = "http://127.0.0.1:9", **changes: object) -> RonglianGateway:
    return RonglianGateway(
        options_of("ronglian", KEYS, {"url": url, **changes}), seconds=2, clock=lambda: NOW
    )


def refused(server: HttpGatewayServer, answer: Answer) -> GatewayError:
    return refusal_of(gateway(base(server)), server, answer)


def as_xml(**changes: str) -> bytes:
    root = ElementTree.Element("Request")
    for name, value in (REPORT | changes).items():
        ElementTree.SubElement(root, name).text = value
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def as_json(**changes: Any) -> bytes:
    return json.dumps({"Request": REPORT | changes}).encode()


def read(body: bytes) -> list[Receipt]:
    return list(gateway().read_receipts(ReceiptRequest("POST", f"https://x/?token={TOKEN}", {}, body), NOW))


def test_the_signature_equals_that_of_the_package_in_every_time_zone() -> None:
    assert signature(ACCOUNT, SECRET, NOW) == (SIG, AUTHORIZATION)
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-5)))
    assert signature(ACCOUNT, SECRET, elsewhere) == (SIG, AUTHORIZATION)


def test_the_request_equals_that_of_the_package(server: HttpGatewayServer) -> None:
    server.script(SENT)
    made = gateway(base(server))
    assert made.send(sms()) == SID
    made.close()
    (call,) = server.calls
    assert (call.method, call.body) == ("POST", BODY)
    assert call.target == f"/2013-12-26/Accounts/{ACCOUNT}/SMS/TemplateSMS?sig={SIG}"
    assert call.headers["authorization"] == AUTHORIZATION
    assert call.headers["accept"] == "application/json"
    assert call.headers["content-type"] == "application/json;charset=utf-8"


def test_requests_go_to_the_packages_address_by_default() -> None:
    assert gateway(None)._poster.host == "app.cloopen.com:8883"


def test_numbers_abroad_begin_with_00(server: HttpGatewayServer) -> None:
    server.script(SENT)
    made = gateway(base(server))
    made.send(sms(to="+85264001234"))
    made.close()
    assert server.calls[0].json["to"] == "0085264001234"


@pytest.mark.parametrize(
    ("answer", "sid"),
    [
        ({"statusCode": "000000", "TemplateSMS": {"smsMessageSid": SID}}, SID),
        ({"statusCode": "000000"}, None),
        ({"statusCode": "000000", "templateSMS": [SID]}, None),
        ({"statusCode": "000000", "templateSMS": {"smsMessageSid": {}}}, None),
    ],
)
def test_an_accepted_message_without_a_reference_stays_accepted(
    server: HttpGatewayServer, answer: dict[str, object], sid: str | None
) -> None:
    server.script(Answer(200, answer))
    made = gateway(base(server))
    assert made.send(sms()) == sid
    made.close()


def test_every_known_code_has_its_meaning(server: HttpGatewayServer) -> None:
    answers = {code: Answer(200, {"statusCode": code, "statusMsg": "13812345678"}) for code in ERRORS}
    assert refusals_of(gateway(base(server)), server, answers) == ERRORS


def test_there_are_codes_of_every_kind() -> None:
    kinds = {"160000": TemporaryGatewayError, "160042": GatewayError, "111142": GatewayAtFault}
    assert kinds.items() <= ERRORS.items()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(200, {"statusCode": "999999"}), WrongGateway),
        (Answer(200, {"statusCode": "call 13812345678"}), WrongGateway),
        (Answer(200, {"statusCode": ["000000"]}), WrongGateway),
        (Answer(500, {"statusCode": "000000"}), TemporaryGatewayError),
        (Answer(500, ""), TemporaryGatewayError),
        (Answer(404, "<html>"), WrongGateway),
        (Answer(200, "<html>"), UnknownResult),
        (Answer(200, {"statusMsg": "ok"}), UnknownResult),
    ],
)
def test_an_unknown_code_is_classified_by_the_status(
    server: HttpGatewayServer, answer: Answer, kind: type
) -> None:
    error = refused(server, answer)
    assert type(error) is kind
    assert "13812345678" not in error.reason


@pytest.mark.parametrize(
    "body", [as_xml(), as_json(), json.dumps(REPORT).encode(), as_json(smsType=1, status=0)]
)
def test_a_report_is_read_as_xml_and_as_json(body: bytes) -> None:
    assert read(body) == [DELIVERED]


@pytest.mark.parametrize("make", [as_xml, as_json])
@pytest.mark.parametrize(
    ("status", "code", "receipt"),
    [
        ("1", "MK:0001", Receipt(MessageStatus.UNDELIVERED, None, SID, "Ronglian: MK:0001")),
        ("2", "to 13812345678", Receipt(MessageStatus.UNDELIVERED, None, SID)),
        ("-1", "", Receipt(MessageStatus.UNDELIVERED, None, SID)),
        ("pigeon", "DELIVRD", Receipt(None, None, SID)),
    ],
)
def test_any_other_number_is_a_failure_and_a_word_is_not_final(
    make: Any, status: str, code: str, receipt: Receipt
) -> None:
    assert read(make(status=status, deliverCode=code)) == [receipt]


@pytest.mark.parametrize("make", [as_xml, as_json])
def test_a_reply_from_a_recipient_is_not_a_report(make: Any) -> None:
    assert read(make(smsType="0", content="STOP")) == []


@pytest.mark.parametrize("make", [as_xml, as_json])
@pytest.mark.parametrize("missing", ["content", "status"])
def test_a_report_without_a_message_id_is_refused_by_field(make: Any, missing: str) -> None:
    with pytest.raises(InvalidInput, match=missing):
        read(make(**{missing: ""}))


@pytest.mark.parametrize(
    "body",
    [
        b"<Request>",
        b'<!DOCTYPE a [<!ENTITY e "1">]><Request><smsType>&e;</smsType></Request>',
        b'<?xml version="1.0" encoding="gbk"?><Request/>',
        b"{}",
        b'{"Request": []}',
        b'{"Request": "x"}',
        b"[{}]",
    ],
)
def test_a_body_that_is_neither_xml_nor_json_is_invalid(body: bytes) -> None:
    with pytest.raises(InvalidInput, match="body"):
        read(body)


def test_reports_are_answered_with_the_success_code() -> None:
    answer: ReceiptAnswer = gateway().receipt_answer
    assert ElementTree.fromstring(answer.body.encode()).findtext("statuscode") == "000000"
    assert answer.content_type.startswith("text/xml")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("account_sid", None),
        ("account_sid", "../s3cret"),
        ("auth_token", ""),
        ("app_id", None),
        ("url", "ftp://s3cret"),
    ],
)
def test_an_unusable_key_is_named(key: str, value: str | None) -> None:
    with pytest.raises(ConfigurationError, match=key) as caught:
        gateway(**{key: value})  # type: ignore[arg-type]
    assert "s3cret" not in str(caught.value)

"""Gateway type `aliyun`: its requests as alibabacloud_dysmsapi20170525 4.6.0 makes them, its reports as documented."""

import json
from urllib.parse import parse_qsl, urlsplit

import pytest

from channels.receipts import Receipt, ReceiptAnswer
from channels.signatures.acs3 import Signer
from channels.sms.aliyun import ERRORS, AliyunGateway
from domain.errors import ConfigurationError
from domain.gateway_errors import (
    GatewayAtFault,
    GatewayError,
    RateLimited,
    TemporaryGatewayError,
    UnknownResult,
    WrongGateway,
)
from domain.statuses import MessageStatus
from tests.channels.conftest import base, options_of, refusal_of, refusals_of, sms
from tests.channels.signatures.test_acs3 import CODE, HEADERS
from tests.channels.sms.test_china import NOW, TOKEN, read
from tests.servers.http import Answer, HttpGatewayServer

OUR_ID = "0123456789abcdef0123456789abcdef"
BIZ_ID = "900619746936498440^0"
SENT = Answer(200, {"Code": "OK", "Message": "OK", "BizId": BIZ_ID, "RequestId": "F655A8D5"})
DOCUMENTED = {
    "phone_number": "1381111****",
    "send_time": "2017-01-01 00:00:00",
    "report_time": "2017-01-01 00:00:00",
    "success": True,
    "err_code": "DELIVERED",
    "err_msg": "用户接收成功",
    "sms_size": "1",
    "biz_id": BIZ_ID,
    "out_id": OUR_ID,
}
"""The example in the document SmsReport, with realistic ids."""
KEYS = {
    "access_key_id": "LTAIexampleexample",
    "access_key_secret": "ALIbabaEXAMPLEsecretKEY0123456",
    "sign_name": "示例",
    "templates": {"code": {"id": "SMS_154950909", "params": ["code", "minutes"]}},
    "receipt_token": TOKEN,
}


def gateway(url: str | None = "http://127.0.0.1:9", **changes: object) -> AliyunGateway:
    return AliyunGateway(options_of("aliyun", KEYS, {"url": url, **changes}), seconds=2, clock=lambda: NOW)


def refused(server: HttpGatewayServer, answer: Answer) -> GatewayError:
    return refusal_of(gateway(base(server)), server, answer)


def test_the_request_equals_that_of_the_vendors_client(server: HttpGatewayServer) -> None:
    server.script(SENT)
    made = gateway(base(server))
    assert made.send(sms(id=OUR_ID)) == BIZ_ID
    made.close()
    (call,) = server.calls
    parts = urlsplit(call.target)
    assert (call.method, parts.path, call.body) == ("POST", "/", b"")
    assert dict(parse_qsl(parts.query)) == CODE
    ours = {name: call.headers[name] for name in ("x-acs-action", "x-acs-content-sha256", "x-acs-date")}
    ours |= {name: call.headers[name] for name in ("x-acs-version", "accept")}
    assert ours.items() <= HEADERS.items()
    signed = {
        name: value for name, value in call.headers.items() if name == "host" or name.startswith("x-acs-")
    }
    expected = Signer("LTAIexampleexample", "ALIbabaEXAMPLEsecretKEY0123456").authorization(
        "/", parts.query, signed
    )
    assert call.headers["authorization"] == expected


def test_each_request_has_a_nonce_of_its_own(server: HttpGatewayServer) -> None:
    server.usual = SENT
    made = gateway(base(server))
    for _ in range(3):
        made.send(sms())
    made.close()
    nonces = {call.headers["x-acs-signature-nonce"] for call in server.calls}
    assert len(nonces) == 3
    assert all(len(nonce) == 32 for nonce in nonces)


def test_parameters_are_sent_under_the_approved_texts_names(server: HttpGatewayServer) -> None:
    server.script(SENT)
    templates = {"code": {"id": "SMS_1", "params": {"number": "code", "min": "minutes"}}}
    made = gateway(base(server), templates=templates)
    made.send(sms(to="+85264001234"))
    made.close()
    sent = dict(parse_qsl(urlsplit(server.calls[0].target).query))
    assert json.loads(sent["TemplateParam"]) == {"number": "493817", "min": "5"}
    assert sent["PhoneNumbers"] == "85264001234"


@pytest.mark.parametrize(
    ("region", "host"),
    [
        (None, "dysmsapi.aliyuncs.com"),
        ("cn-shenzhen", "dysmsapi.aliyuncs.com"),
        ("ap-southeast-1", "dysmsapi.ap-southeast-1.aliyuncs.com"),
        ("eu-central-1", "dysmsapi.eu-central-1.aliyuncs.com"),
    ],
)
def test_requests_go_to_the_regions_address(region: str | None, host: str) -> None:
    assert gateway(None, region=region)._poster.host == host


def test_every_known_code_has_its_meaning(server: HttpGatewayServer) -> None:
    answers = {code: Answer(200, {"Code": code, "Message": "13812345678"}) for code in ERRORS}
    assert refusals_of(gateway(base(server)), server, answers) == ERRORS


def test_there_are_codes_of_every_kind() -> None:
    kinds = {
        "Throttling": RateLimited,
        "isv.MOBILE_NUMBER_ILLEGAL": GatewayError,
        "isv.AMOUNT_NOT_ENOUGH": GatewayAtFault,
    }
    assert kinds.items() <= ERRORS.items()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(400, {"Code": "Throttling.User"}), RateLimited),
        (Answer(404, {"Code": "InvalidAccessKeyId.NotFound"}), GatewayAtFault),
        (Answer(400, {"Code": "InvalidTimeStamp.Expired"}), GatewayAtFault),
        (Answer(200, {"Code": "isv.PIGEON"}), WrongGateway),
        (Answer(400, {"Code": "call 13812345678"}), WrongGateway),
        (Answer(400, {"Code": ["OK"]}), WrongGateway),
        (Answer(400, {"Code": "OK"}), WrongGateway),
        (Answer(503, "<html>"), TemporaryGatewayError),
        (Answer(200, "<html>"), UnknownResult),
        (Answer(200, {"Message": "OK"}), UnknownResult),
        (Answer(200, "[]"), UnknownResult),
    ],
)
def test_an_unknown_code_is_classified_by_family_and_status(
    server: HttpGatewayServer, answer: Answer, kind: type
) -> None:
    error = refused(server, answer)
    assert type(error) is kind
    assert "13812345678" not in error.reason


def test_the_documents_report_is_read() -> None:
    assert read(gateway(), DOCUMENTED) == [Receipt(MessageStatus.DELIVERED, OUR_ID, BIZ_ID)]


def test_all_reports_in_one_request_are_read_and_other_entries_skipped() -> None:
    failed = DOCUMENTED | {"success": False, "err_code": "MK:0001", "out_id": ""}
    leak = failed | {"err_code": "to 13812345678"}
    strange = [{}, {"out_id": "x"}, DOCUMENTED | {"success": "maybe"}, {"success": True}]
    assert read(gateway(), DOCUMENTED, *strange, failed, leak, failed | {"err_code": None}) == [
        Receipt(MessageStatus.DELIVERED, OUR_ID, BIZ_ID),
        Receipt(MessageStatus.UNDELIVERED, None, BIZ_ID, "Aliyun: MK:0001"),
        Receipt(MessageStatus.UNDELIVERED, None, BIZ_ID),
        Receipt(MessageStatus.UNDELIVERED, None, BIZ_ID),
    ]
    assert read(gateway()) == []


def test_reports_are_answered_as_documented() -> None:
    answer: ReceiptAnswer = gateway().receipt_answer
    assert (json.loads(answer.body), answer.content_type) == (
        {"code": 0, "msg": "接收成功"},
        "application/json",
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("access_key_id", None),
        ("access_key_id", "s3cret\n"),
        ("access_key_secret", ""),
        ("sign_name", None),
        ("region", "evil.example/s3cret?"),
        ("url", "ftp://s3cret"),
    ],
)
def test_an_unusable_key_is_named(key: str, value: str | None) -> None:
    with pytest.raises(ConfigurationError, match=key) as caught:
        gateway(**{key: value})  # type: ignore[arg-type]
    assert "s3cret" not in str(caught.value)

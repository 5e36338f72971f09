"""Gateway type `tencent`: its requests as tencentcloud-sdk-python-sms 3.1.153 makes them, its reports as documented."""

import json
from collections.abc import Callable

import pytest

from channels.receipts import Receipt, ReceiptAnswer
from channels.signatures.tc3 import Signer
from channels.sms.tencent import ERRORS, TencentGateway
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
from tests.channels.signatures.test_tc3 import ABROAD, HOME, JSON
from tests.channels.sms.test_china import NOW, TOKEN, read
from tests.servers.http import Answer, HttpGatewayServer

SERIAL = "5000:1045710669157053657849499619"
DOCUMENTED = {
    "user_receive_time": "2015-10-17 08:03:04",
    "nationcode": "86",
    "mobile": "13xxxxxxxxx",
    "report_status": "SUCCESS",
    "errmsg": "DELIVRD",
    "description": "用户短信送达成功",
    "sid": SERIAL,
}
"""The example in the document, with a realistic id."""
KEYS = {
    "secret_id": "AKIDexampleexample",
    "secret_key": "TENcentEXAMPLEsecretKEY0123456",
    "app_id": "1400006666",
    "sign_name": "示例",
    "templates": {"code": {"id": "449739", "params": ["code", "minutes"]}},
    "receipt_token": TOKEN,
}


def gateway(url: str | None = "http://127.0.0.1:9", **changes: object) -> TencentGateway:
    return TencentGateway(options_of("tencent", KEYS, {"url": url, **changes}), seconds=2, clock=lambda: NOW)


def of_number(code: str, **more: object) -> Answer:
    """Return an answer about the one number."""
    return Answer(200, {"Response": {"SendStatusSet": [{"Code": code, **more}], "RequestId": "r-1"}})


def of_request(code: object) -> Answer:
    """Return a refusal of the whole request."""
    error = {"Code": code, "Message": "of +8613812345678"}
    return Answer(200, {"Response": {"Error": error, "RequestId": "r-1"}})


def refused(server: HttpGatewayServer, answer: Answer) -> GatewayError:
    return refusal_of(gateway(base(server)), server, answer)


@pytest.mark.parametrize(
    ("changes", "to", "region", "body"),
    [
        ({}, "+8613812345678", "ap-guangzhou", HOME),
        (
            {
                "sign_name": None,
                "region": "ap-singapore",
                "templates": {"code": {"id": "449740", "params": ["code"]}},
            },
            "+85264001234",
            "ap-singapore",
            ABROAD,
        ),
    ],
)
def test_the_request_equals_that_of_the_vendors_client(
    server: HttpGatewayServer, changes: dict[str, object], to: str, region: str, body: bytes
) -> None:
    server.script(of_number("Ok", SerialNo=SERIAL, PhoneNumber=to, Fee=1, IsoCode="CN"))
    made = gateway(base(server), **changes)  # type: ignore[arg-type]
    assert made.send(sms(to=to)) == SERIAL
    made.close()
    (call,) = server.calls
    assert (call.method, call.target, call.body) == ("POST", "/", body)
    expected = Signer("AKIDexampleexample", "TENcentEXAMPLEsecretKEY0123456", "sms").headers(
        call.headers["host"], "/", JSON, body, NOW
    ) | {"X-TC-Action": "SendSms", "X-TC-Version": "2021-01-11", "X-TC-Region": region}
    assert {name: call.headers[name.lower()] for name in expected} == expected


def test_requests_go_to_the_vendors_address_by_default() -> None:
    assert gateway(None)._poster.host == "sms.tencentcloudapi.com"


def test_a_parameter_may_occur_twice_in_a_text(server: HttpGatewayServer) -> None:
    server.script(of_number("Ok"))
    made = gateway(base(server), templates={"code": {"id": "1", "params": ["code", "minutes", "code"]}})
    assert made.send(sms()) is None
    made.close()
    assert server.calls[0].json["TemplateParamSet"] == ["493817", "5", "493817"]


@pytest.mark.parametrize("refuse", [of_request, of_number])
def test_every_known_code_has_its_meaning(server: HttpGatewayServer, refuse: Callable[[str], Answer]) -> None:
    answers = {code: refuse(code) for code in ERRORS}
    assert refusals_of(gateway(base(server)), server, answers) == ERRORS


def test_there_are_codes_of_every_kind() -> None:
    kinds = {
        "RequestLimitExceeded": RateLimited,
        "FailedOperation.PhoneNumberInBlacklist": GatewayError,
        "FailedOperation.InsufficientBalanceInSmsPackage": GatewayAtFault,
    }
    assert kinds.items() <= ERRORS.items()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (of_request("AuthFailure.SignatureExpire"), GatewayAtFault),
        (of_request("RequestLimitExceeded.UinLimitExceeded"), RateLimited),
        (of_number("InternalError.OtherError"), TemporaryGatewayError),
        (of_number("LimitExceeded.PhoneNumberDailyLimit"), WrongGateway),
        (of_number("FailedOperation.Pigeon"), WrongGateway),
        (of_request("Pigeon"), WrongGateway),
        (of_request("call +8613812345678"), WrongGateway),
        (of_request(["Ok"]), WrongGateway),
        (Answer(403, {"Response": {"SendStatusSet": [{"Code": "Ok"}]}}), WrongGateway),
        (Answer(502, "<html>"), TemporaryGatewayError),
        (Answer(200, "<html>"), UnknownResult),
        (Answer(200, {"Response": 5}), UnknownResult),
        (Answer(200, {"Response": {"SendStatusSet": []}}), UnknownResult),
        (Answer(200, {"Response": {"SendStatusSet": ["Ok"]}}), UnknownResult),
        (Answer(200, {"Response": {"SendStatusSet": {"Code": "Ok"}}}), UnknownResult),
    ],
)
def test_an_unknown_code_is_classified_by_family_and_status(
    server: HttpGatewayServer, answer: Answer, kind: type
) -> None:
    error = refused(server, answer)
    assert type(error) is kind
    assert "13812345678" not in error.reason


def test_the_documents_report_is_read() -> None:
    assert read(gateway(), DOCUMENTED) == [Receipt(MessageStatus.DELIVERED, gateway_reference=SERIAL)]


def test_all_reports_in_one_request_are_read_and_other_entries_skipped() -> None:
    failed = DOCUMENTED | {"report_status": "FAIL", "errmsg": "MK:0001", "sid": "s-2"}
    strange = [{}, {"sid": "x"}, DOCUMENTED | {"sid": ""}, DOCUMENTED | {"report_status": ["SUCCESS"]}]
    assert read(gateway(), DOCUMENTED, *strange, failed, failed | {"errmsg": "to 13812345678"}) == [
        Receipt(MessageStatus.DELIVERED, gateway_reference=SERIAL),
        Receipt(MessageStatus.UNDELIVERED, gateway_reference="s-2", reason="Tencent: MK:0001"),
        Receipt(MessageStatus.UNDELIVERED, gateway_reference="s-2"),
    ]
    assert read(gateway()) == []


@pytest.mark.parametrize("word", ["success", "PIGEON", ""])
def test_an_unknown_status_is_not_final(word: str) -> None:
    assert read(gateway(), DOCUMENTED | {"report_status": word}) == [Receipt(None, gateway_reference=SERIAL)]


def test_reports_are_answered_as_documented() -> None:
    answer: ReceiptAnswer = gateway().receipt_answer
    assert (json.loads(answer.body), answer.content_type) == ({"result": 0, "errmsg": "OK"}, JSON)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("secret_id", None),
        ("secret_id", "s3cret, Credential=x"),
        ("secret_key", ""),
        ("app_id", None),
        ("region", "s3cret\r\n"),
        ("url", "ftp://s3cret"),
    ],
)
def test_an_unusable_key_is_named(key: str, value: str | None) -> None:
    with pytest.raises(ConfigurationError, match=key) as caught:
        gateway(**{key: value})  # type: ignore[arg-type]
    assert "s3cret" not in str(caught.value)

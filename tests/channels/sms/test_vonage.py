"""Gateway type `vonage`, pinned by the package vonage 4.9.1 (vonage-http-client 1.5.2, `Auth.sign_params`, SHA-256)."""

import json
import logging
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode

import pytest
import time_machine

from channels.receipts import ReadsReceipts, Receipt, ReceiptRequest
from channels.sms.vonage import ERRORS, STATUSES, VonageGateway, signature
from domain.errors import ConfigurationError, ForgedReceipt, InvalidInput
from domain.gateway_errors import (
    GatewayAtFault,
    GatewayError,
    RateLimited,
    TemporaryGatewayError,
    UnknownResult,
    WrongGateway,
)
from domain.statuses import MessageStatus
from tests.channels.conftest import CODE, base, options_of, refusal_of, refusals_of, sms
from tests.servers.http import Answer, HttpGatewayServer

SECRET = "s1gnature-secret"
ADDRESS = "https://sendcode.example.com/receipts/vonage"
AT = 1773453566
NOW = datetime.fromtimestamp(AT, UTC)
REFERENCE = "msg-0123456789abcdef"

RECEIPT = {
    "msisdn": "8613812345678",
    "to": "Sendcode",
    "network-code": "46000",
    "messageId": "0C000000217B7F02",
    "price": "0.03330000",
    "status": "delivered",
    "scts": "2603140159",
    "err-code": "0",
    "api-key": "abcd1234",
    "client-ref": REFERENCE,
    "message-timestamp": "2026-03-14 01:59:26",
    "timestamp": str(AT),
    "nonce": "aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
}
SIGNED = "3c6129e3b3f830dab299f0b536c8448d059692cae334b9e6c2ea5bdfbc624727"
SIGNED_FAILED = "41d06862e62527add666f4143d39d83fb6bf8c06c24ed1db1ec0bcc711b6284f"
SIGNED_ODD_SENDER = "a32fa0cd761d73545f62794279832d95d4ff1ec7cd23dd0a3a12ddbdfa9abc95"
DELIVERED = Receipt(MessageStatus.DELIVERED, REFERENCE, "0C000000217B7F02")
KEYS = {
    "api_key": "abcd1234",
    "signature_secret": SECRET,
    "from": "Sendcode",
}


def gateway(url: str = "https://rest.nexmo.com", **changes: object) -> VonageGateway:
    return VonageGateway(options_of("vonage", KEYS, {"url": url, **changes}), seconds=2)


def by_get(values: dict[str, str]) -> ReceiptRequest:
    return ReceiptRequest("GET", f"{ADDRESS}?{urlencode(values)}", {}, b"")


def by_form(values: dict[str, str]) -> ReceiptRequest:
    kind = {"content-type": "application/x-www-form-urlencoded; charset=UTF-8"}
    return ReceiptRequest("POST", ADDRESS, kind, urlencode(values).encode())


def by_json(values: object) -> ReceiptRequest:
    return ReceiptRequest("POST", ADDRESS, {"content-type": "application/json"}, json.dumps(values).encode())


def signed(**changes: str) -> dict[str, str]:
    values = {name: value for name, value in (RECEIPT | changes).items() if value}
    return values | {"sig": signature(SECRET, values)}


def parts(*statuses: str, text: str = "no") -> dict[str, object]:
    messages = [
        {"status": status, "message-id": f"id-{number}", "error-text": text}
        for number, status in enumerate(statuses)
    ]
    return {"message-count": str(len(messages)), "messages": messages}


def refused(server: HttpGatewayServer, answer: Answer) -> GatewayError:
    return refusal_of(gateway(base(server)), server, answer)


@time_machine.travel(NOW, tick=False)
def test_a_request_is_signed_as_vonages_own_client_signs_it(server: HttpGatewayServer) -> None:
    server.script(Answer(200, parts("0")), Answer(200, parts("0", "0")))
    made = gateway(base(server))
    assert made.send(sms(text=f"您的验证码 {CODE} &=?")) == "id-0"
    made.close()
    made = gateway(base(server), status_callback=ADDRESS, **{"from": "+15017122661"})
    assert made.send(sms(text=f"Your code is {CODE}.")) == "id-0"
    made.close()
    unicode, plain = server.calls
    assert (unicode.method, unicode.target) == ("POST", "/sms/json")
    assert unicode.headers["content-type"] == "application/x-www-form-urlencoded"
    assert dict(parse_qsl(unicode.body.decode())) == {
        "api_key": "abcd1234",
        "from": "Sendcode",
        "to": "8613812345678",
        "text": f"您的验证码 {CODE} &=?",
        "type": "unicode",
        "client-ref": REFERENCE,
        "timestamp": str(AT),
        "sig": "e9512ab1e6ece3489e5502cdf165df556716ba818d354fb325552602f8a20d03",
    }
    sent = dict(parse_qsl(plain.body.decode()))
    assert (sent["type"], sent["from"], sent["callback"]) == ("text", "15017122661", ADDRESS)
    assert sent["sig"] == "88b8479ac796c5997611032b0b9c0aa882ff705ae9c154422547076832a547fa"


def test_with_an_api_secret_nothing_is_signed(server: HttpGatewayServer) -> None:
    server.script(Answer(200, parts("0")))
    made = gateway(base(server), signature_secret=None, api_secret="the-secret")
    made.send(sms())
    made.close()
    sent = dict(parse_qsl(server.calls[0].body.decode()))
    assert (sent["api_key"], sent["api_secret"]) == ("abcd1234", "the-secret")
    assert not {"sig", "timestamp"} & set(sent)
    assert server.calls[0].target == "/sms/json"
    with pytest.raises(ForgedReceipt):
        made.read_receipts(by_get(RECEIPT | {"sig": signature("", RECEIPT)}), NOW)


def test_every_known_status_has_its_meaning(server: HttpGatewayServer) -> None:
    answers = {code: Answer(200, parts(code, text="to 8613812345678")) for code in ERRORS}
    assert refusals_of(gateway(base(server)), server, answers) == ERRORS


def test_there_are_statuses_of_every_kind() -> None:
    assert {
        "1": RateLimited,
        "5": TemporaryGatewayError,
        "7": GatewayError,
        "9": GatewayAtFault,
        "17": WrongGateway,
    }.items() <= ERRORS.items()


def test_a_text_of_which_one_part_is_refused_is_refused(server: HttpGatewayServer) -> None:
    assert type(refused(server, Answer(200, parts("0", "1", "7")))) is RateLimited


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(200, parts("99")), WrongGateway),
        (Answer(200, parts("8613812345678 " + CODE)), WrongGateway),
        (Answer(429, {"type": "about:blank"}), RateLimited),
        (Answer(500, ""), TemporaryGatewayError),
        (Answer(401, {"title": "Unauthorized"}), WrongGateway),
        (Answer(200, "<html>"), UnknownResult),
        (Answer(200, {"messages": []}), UnknownResult),
        (Answer(200, {"messages": ["0"]}), UnknownResult),
        (Answer(200, {"messages": {"status": "0"}}), UnknownResult),
    ],
)
def test_an_unknown_code_is_classified_too(server: HttpGatewayServer, answer: Answer, kind: type) -> None:
    error = refused(server, answer)
    assert type(error) is kind
    assert "13812345678" not in error.reason


def test_retry_after_is_reported(server: HttpGatewayServer) -> None:
    error = refused(server, Answer(429, "", headers={"Retry-After": "9"}))
    assert isinstance(error, TemporaryGatewayError)
    assert error.retry_after == 9


@pytest.mark.parametrize("request_", [kind(RECEIPT | {"sig": SIGNED}) for kind in (by_get, by_form, by_json)])
def test_a_signed_receipt_is_read_by_get_form_and_json(request_: ReceiptRequest) -> None:
    made = gateway()
    assert isinstance(made, ReadsReceipts)
    for _ in range(2):  # a repeated one reads the same
        assert made.read_receipts(request_, NOW) == [DELIVERED]


def test_other_signatures_of_the_package_are_accepted() -> None:
    failed = RECEIPT | {"status": "failed", "err-code": "6", "sig": SIGNED_FAILED.upper()}
    assert gateway().read_receipts(by_form(failed), NOW) == [
        Receipt(MessageStatus.UNDELIVERED, REFERENCE, "0C000000217B7F02", "Vonage: 6")
    ]
    odd = RECEIPT | {"to": "A & B=C", "sig": SIGNED_ODD_SENDER}
    assert gateway().read_receipts(by_get(odd), NOW) == [DELIVERED]


@pytest.mark.parametrize(("age", "good"), [(0, True), (300, True), (-300, True), (301, False), (-301, False)])
def test_old_and_future_receipts_are_forged(age: int, good: bool) -> None:
    request, at = by_form(signed()), NOW + timedelta(seconds=age)
    if good:
        assert gateway().read_receipts(request, at) == [DELIVERED]
    else:
        with pytest.raises(ForgedReceipt):
            gateway().read_receipts(request, at)


@pytest.mark.parametrize(
    ("word", "status"),
    [*STATUSES.items(), *((word, None) for word in ("accepted", "buffered", "unknown", "pigeon"))],
)
def test_only_final_statuses_set_a_status(word: str, status: MessageStatus | None) -> None:
    (receipt,) = gateway().read_receipts(by_get(signed(status=word)), NOW)
    assert receipt.status is status


def test_a_receipt_without_our_reference_has_vonages() -> None:
    (receipt,) = gateway().read_receipts(by_get(signed(**{"client-ref": ""})), NOW)
    assert (receipt.reference, receipt.gateway_reference) == (None, "0C000000217B7F02")


GOOD = RECEIPT | {"sig": SIGNED}
HIDDEN = {"price=0.03330000&scts": "2603140159"}
"""One name that looks like two parameters in the signed text."""


@pytest.mark.parametrize(
    "request_",
    [
        by_get(RECEIPT),
        by_get(GOOD | {"sig": SIGNED[:-1]}),
        by_get(GOOD | {"sig": "ü\U0001f600"}),
        by_get(GOOD | {"status": "failed"}),
        by_get(GOOD | {"timestamp": str(AT + 1)}),
        by_form(signed(timestamp="")),
        by_form(signed(timestamp="2026-03-14 01:59:26")),
        by_form(signed(timestamp="-5")),
        by_form({name: value for name, value in GOOD.items() if name not in ("price", "scts")} | HIDDEN),
        ReceiptRequest("GET", by_get(GOOD).url + "&status=failed", {}, b""),
        ReceiptRequest("GET", "https://[bad?", {}, b""),
        ReceiptRequest("POST", by_get(GOOD).url, {}, b""),
        ReceiptRequest("POST", ADDRESS, {}, b"\xff=%ff"),
        ReceiptRequest("POST", ADDRESS, {"content-type": "application/json"}, b"[" * 50_000),
        *(
            by_json(value)
            for value in (5, None, "ab", [[1, "x"]], GOOD | {"nested": {}}, GOOD | {"sig": "\ud800"})
        ),
    ],
)
def test_anything_else_is_forged(request_: ReceiptRequest) -> None:
    with pytest.raises(ForgedReceipt) as caught:
        gateway().read_receipts(request_, NOW)
    assert SECRET not in str(caught.value)


def test_another_secret_is_forged() -> None:
    with pytest.raises(ForgedReceipt):
        gateway(signature_secret="another").read_receipts(by_get(GOOD), NOW)


@pytest.mark.parametrize("missing", ["messageId", "status"])
def test_a_genuine_receipt_about_something_else_is_refused_by_field(missing: str) -> None:
    with pytest.raises(InvalidInput, match=missing):
        gateway().read_receipts(by_get(signed(**{missing: ""})), NOW)


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("api_key", {"api_key": None}),
        ("api_secret", {"signature_secret": None}),
        ("api_secret", {"api_secret": "s3cret"}),
        ("from", {"from": ""}),
        ("status_callback", {"status_callback": "ftp://s3cret"}),
    ],
)
def test_an_unusable_key_is_named(key: str, changes: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=key) as caught:
        gateway(**changes)  # type: ignore[arg-type]
    assert "s3cret" not in str(caught.value)


def test_no_error_and_no_log_contains_secret_code_or_number(
    server: HttpGatewayServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    leak = f"{SECRET} {CODE} 8613812345678"
    told = [repr(refused(server, Answer(200, parts(status, text=leak)))) for status in ("1", "7", "9", leak)]
    told.append(repr(refused(server, Answer(200, leak))))
    everything = "".join(told) + caplog.text
    for secret in (SECRET, CODE, "13812345678"):
        assert secret not in everything

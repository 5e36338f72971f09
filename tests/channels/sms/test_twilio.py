"""Gateway type `twilio`, pinned by the package twilio 9.13.0 and the example of Twilio's security document."""

import json
import logging
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

import pytest

from channels.receipts import ReadsReceipts, Receipt, ReceiptRequest
from channels.sms.twilio import ERRORS, STATUSES, TwilioGateway, signature
from domain.errors import ConfigurationError, ForgedReceipt, InvalidInput
from domain.gateway_errors import (
    GatewayError,
    RateLimited,
    TemporaryGatewayError,
    UnknownResult,
    WrongGateway,
)
from domain.statuses import MessageStatus
from tests.channels.conftest import CODE, base, options_of, refusal_of, refusals_of, sms
from tests.servers.http import Answer, HttpGatewayServer

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
TOKEN = "t0ken-of-the-account"
CALLBACK = "https://sendcode.example.com/receipts/twilio"
SID = "SM0123456789abcdef0123456789abcdef"
NOW = datetime(2026, 3, 14, 1, 59, 26, tzinfo=UTC)
BASIC = "Basic QUMwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjp0MGtlbi1vZi10aGUtYWNjb3VudA=="
"""What the package's client sends for this account and token."""

FORM = {
    "AccountSid": ACCOUNT,
    "ApiVersion": "2010-04-01",
    "ErrorCode": "30005",
    "From": "+15017122661",
    "MessageSid": SID,
    "MessageStatus": "undelivered",
    "SmsSid": SID,
    "SmsStatus": "undelivered",
    "To": "+8613812345678",
    "Ünï": "码 &=+",
}
SIGNED = "2OD8xj4044dfwgh2btxAwrzOdLU="
SIGNED_WITH_PORT = "4277hdLimN7s5Tv63SF1uRk2Psk="
SIGNED_8443 = "O6ToQe0mnPs4X6jjvj5JDrJFXsk="
KEYS = {
    "account_sid": ACCOUNT,
    "auth_token": TOKEN,
    "from": "+15017122661",
    "status_callback": CALLBACK,
}


def gateway(url: str = "https://api.twilio.com", **changes: object) -> TwilioGateway:
    return TwilioGateway(options_of("twilio", KEYS, {"url": url, **changes}), seconds=2)


def callback(form: object = FORM, signed: str = SIGNED, url: str = CALLBACK) -> ReceiptRequest:
    body = form if isinstance(form, bytes) else urlencode(form).encode()  # type: ignore[arg-type]
    return ReceiptRequest("POST", url, {"x-twilio-signature": signed}, body)


def refused(server: HttpGatewayServer, answer: Answer) -> GatewayError:
    return refusal_of(gateway(base(server)), server, answer)


def test_the_request_equals_that_of_twilios_own_client(server: HttpGatewayServer) -> None:
    server.script(Answer(201, {"sid": SID, "status": "queued", "error_code": None}))
    made = gateway(base(server))
    assert made.send(sms()) == SID
    made.close()
    (call,) = server.calls
    assert (call.method, call.target) == ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
    assert call.headers["authorization"] == BASIC
    assert call.headers["content-type"] == "application/x-www-form-urlencoded"
    assert dict(parse_qsl(call.body.decode())) == {
        "To": "+8613812345678",
        "From": "+15017122661",
        "Body": f"您的验证码 {CODE}",
        "StatusCallback": CALLBACK,
    }


def test_a_messaging_service_takes_the_place_of_the_number(server: HttpGatewayServer) -> None:
    service = "MG0123456789abcdef0123456789abcdef"
    server.script(Answer(201, {"sid": SID}))
    made = gateway(base(server), status_callback=None, **{"from": service})
    made.send(sms())
    made.close()
    sent = dict(parse_qsl(server.calls[0].body.decode()))
    assert sent["MessagingServiceSid"] == service
    assert not {"From", "StatusCallback"} & set(sent)


def test_every_known_code_has_its_meaning(server: HttpGatewayServer) -> None:
    answers = {
        code: Answer(400, {"code": int(code), "message": "to +8613812345678", "status": 400})
        for code in ERRORS
    }
    assert refusals_of(gateway(base(server)), server, answers) == ERRORS


def test_there_are_codes_of_every_kind() -> None:
    assert {
        "20429": RateLimited,
        "21610": GatewayError,
        "21408": WrongGateway,
    }.items() <= ERRORS.items()


def test_a_message_that_failed_at_once_is_refused(server: HttpGatewayServer) -> None:
    error = refused(server, Answer(201, {"sid": SID, "status": "failed", "error_code": 30006}))
    assert type(error) is GatewayError


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(429, {"code": 99999}), RateLimited),
        (Answer(503, "<html>"), TemporaryGatewayError),
        (Answer(401, {"code": 99999}), WrongGateway),
        (Answer(400, {"code": "see +8613812345678"}), WrongGateway),
        (Answer(302, headers={"Location": "/"}), WrongGateway),
        (Answer(201, {"status": "queued"}), UnknownResult),
        (Answer(200, "<html>login</html>"), UnknownResult),
    ],
)
def test_an_unknown_code_is_classified_by_the_status(
    server: HttpGatewayServer, answer: Answer, kind: type
) -> None:
    error = refused(server, answer)
    assert type(error) is kind
    assert "13812345678" not in error.reason


def test_retry_after_is_reported(server: HttpGatewayServer) -> None:
    error = refused(server, Answer(429, {"code": 20429}, headers={"Retry-After": "9"}))
    assert isinstance(error, TemporaryGatewayError)
    assert error.retry_after == 9


def test_signatures_equal_those_of_the_document_and_the_package() -> None:
    document = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signature("12345", url, document.items()) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    assert signature(TOKEN, CALLBACK, FORM.items()) == SIGNED
    repeated = [("b", "2"), ("b", "1"), ("b", "2"), ("a", ""), ("MessageSid", "SM1")]
    assert signature(TOKEN, CALLBACK, repeated) == "og2aw0HXlZulukxbA3towcikRJQ="


@pytest.mark.parametrize("signed", [SIGNED, SIGNED_WITH_PORT])
def test_a_signed_callback_is_read_with_and_without_the_usual_port(signed: str) -> None:
    expected = [Receipt(MessageStatus.UNDELIVERED, gateway_reference=SID, reason="Twilio: 30005")]
    made = gateway()
    assert isinstance(made, ReadsReceipts)
    for _ in range(2):  # a repeated one reads the same
        assert made.read_receipts(callback(signed=signed, url="http://inside:8000/x"), NOW) == expected


def test_a_url_with_an_unusual_port_is_signed_with_it() -> None:
    url = CALLBACK.replace(".com/", ".com:8443/")
    assert gateway(status_callback=url).read_receipts(callback(signed=SIGNED_8443), NOW)


WITH_CREDENTIALS = CALLBACK.replace("https://", "https://ann:pa55@")


@pytest.mark.parametrize("configured", [WITH_CREDENTIALS, WITH_CREDENTIALS.replace(".com/", ".com:443/")])
@pytest.mark.parametrize("called", [CALLBACK, WITH_CREDENTIALS, CALLBACK.replace(".com/", ".com:443/")])
@pytest.mark.parametrize("by_setting", [True, False])
def test_a_callback_url_with_credentials_is_signed_with_or_without_them(
    configured, called, by_setting
) -> None:
    signed = callback(signed=signature(TOKEN, called, FORM.items()), url=configured)
    made = gateway(status_callback=configured if by_setting else None)
    assert made.read_receipts(signed, NOW)
    for forged in (WITH_CREDENTIALS.replace("ann", "bob"), called.replace(".com", ".org"), f"{called}/x"):
        with pytest.raises(ForgedReceipt):
            made.read_receipts(callback(signed=signature(TOKEN, forged, FORM.items()), url=configured), NOW)


def test_without_a_callback_url_the_requested_url_is_used() -> None:
    made = gateway(status_callback=None)
    assert made.read_receipts(callback(), NOW)
    for url in ("https://other.example.com/receipts/twilio", "http://[bad", "https://x.org:99999/"):
        with pytest.raises(ForgedReceipt):
            made.read_receipts(callback(url=url), NOW)


def signed_callback(**changes: str) -> ReceiptRequest:
    form = {name: value for name, value in (FORM | changes).items() if value}
    return callback(form, signature(TOKEN, CALLBACK, form.items()))


@pytest.mark.parametrize(
    ("word", "status"),
    [*STATUSES.items(), *((word, None) for word in ("queued", "accepted", "sending", "sent", "pigeon"))],
)
def test_only_final_statuses_set_a_status(word: str, status: MessageStatus | None) -> None:
    (receipt,) = gateway().read_receipts(signed_callback(MessageStatus=word, ErrorCode=""), NOW)
    assert receipt == Receipt(status, gateway_reference=SID)


@pytest.mark.parametrize(
    "request_",
    [
        callback(signed=""),
        callback(signed=SIGNED[:-2]),
        callback(signed="ü\ud800"),
        callback(FORM | {"MessageStatus": "delivered"}),
        callback(FORM | {"Extra": "1"}),
        callback(urlencode(FORM).encode() + b"&MessageStatus=delivered"),
        callback(b"\xff\xfe=%ff"),
        callback(b"&".join(b"a%d=1" % number for number in range(500))),
        callback(b""),
        ReceiptRequest("POST", CALLBACK, {}, urlencode(FORM).encode()),
    ],
)
def test_anything_else_is_forged(request_: ReceiptRequest) -> None:
    with pytest.raises(ForgedReceipt) as caught:
        gateway().read_receipts(request_, NOW)
    assert TOKEN not in str(caught.value)


def test_another_token_is_forged() -> None:
    with pytest.raises(ForgedReceipt):
        gateway(auth_token="another").read_receipts(callback(), NOW)


@pytest.mark.parametrize("missing", ["MessageSid", "MessageStatus"])
def test_a_genuine_callback_about_something_else_is_refused_by_field(missing: str) -> None:
    with pytest.raises(InvalidInput, match=missing):
        gateway().read_receipts(signed_callback(**{missing: ""}), NOW)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("account_sid", None),
        ("account_sid", "../s3cret"),
        ("auth_token", ""),
        ("from", None),
        ("url", "ftp://s3cret"),
        ("status_callback", "s3cret/receipts"),
        ("status_callback", "https://s3cret:99999/"),
    ],
)
def test_an_unusable_key_is_named(key: str, value: str | None) -> None:
    with pytest.raises(ConfigurationError, match=key) as caught:
        gateway(**{"url": "https://api.twilio.com", key: value})
    assert "s3cret" not in str(caught.value)


def test_no_error_and_no_log_contains_token_code_or_number(
    server: HttpGatewayServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    leak = f"{TOKEN} {CODE} +8613812345678"
    told = [repr(refused(server, Answer(status, {"code": leak, "message": leak}))) for status in (400, 429)]
    told.append(repr(refused(server, Answer(200, json.dumps({"sid": None, "body": leak})))))
    everything = "".join(told) + caplog.text
    for secret in (TOKEN, CODE, "13812345678", BASIC[6:]):
        assert secret not in everything

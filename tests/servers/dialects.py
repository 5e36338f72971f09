"""The protocol of each company's server: one row per gateway type over HTTP, for the contract test.

A new type needs a new row: the keys of its table, a success answer with the reference in it, an answer for each kind of
refusal, and a function that verifies a request as the company's server would.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from channels.signatures import webhooks
from channels.signatures.sigv4 import Signer
from channels.sms import vonage
from tests.servers.http import Answer, Call

SECRET = "s3cret-of-the-account"
TEMPLATES = {"code": {"id": "SMS_1", "params": ["code", "minutes"]}}


@dataclass(frozen=True)
class Dialect:
    """One company. `url` is added to the test server's URL; `genuine` verifies a call and returns its number."""

    type: str
    keys: Mapping[str, Any]
    yes: Answer
    temporary: Answer
    final: Answer
    other: Answer | None
    genuine: Callable[[Call], str]
    path: str = ""
    reference: str = "ref-1"
    code_in_address: bool = False
    """Whether the company wants the message, with its code, in the URL."""


def _http(call: Call) -> str:
    assert webhooks.verify(SECRET, call.headers, call.body, time.time())
    return str(call.json["to"])


def _twilio(call: Call) -> str:
    assert call.headers["authorization"] == "Basic " + base64.b64encode(f"AC01:{SECRET}".encode()).decode()
    return dict(parse_qsl(call.body.decode()))["To"]


def _vonage(call: Call) -> str:
    values = dict(parse_qsl(call.body.decode()))
    assert values.pop("sig") == vonage.signature(SECRET, values)
    return "+" + values["to"]


def _sns(call: Call) -> str:
    at = datetime.strptime(call.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    signer = Signer("AKID", SECRET, "eu-central-1", "sns")
    expected = signer.headers(call.headers["host"], call.target, call.headers["content-type"], call.body, at)
    assert call.headers["authorization"] == expected["Authorization"]
    return dict(parse_qsl(call.body.decode()))["PhoneNumber"]


def _ronglian(call: Call) -> str:
    parts = urlsplit(call.target)
    account, stamp = base64.b64decode(call.headers["authorization"]).decode().split(":")
    sig = hashlib.md5(f"{account}{SECRET}{stamp}".encode()).hexdigest().upper()
    assert (account, parts.query) == ("8aaf07", f"sig={sig}")
    assert parts.path == "/2013-12-26/Accounts/8aaf07/SMS/TemplateSMS"
    assert (call.json["appId"], call.json["templateId"]) == ("8aaf08", "SMS_1")
    assert len(call.json["datas"]) == 2
    return f"+86{call.json['to']}"


def _aliyun(call: Call) -> str:
    """Verify the signature as the company's document says, without using our own code."""
    query = urlsplit(call.target).query
    scheme, _, rest = call.headers["authorization"].partition(" ")
    given = dict(part.split("=", 1) for part in rest.split(","))
    names = given["SignedHeaders"].split(";")
    assert {"host", "x-acs-action", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"} <= set(names)
    assert sorted(query.split("&")) == query.split("&")
    assert call.headers["x-acs-content-sha256"] == hashlib.sha256(call.body).hexdigest()
    lines = "".join(f"{name}:{call.headers[name]}\n" for name in names)
    request = f"POST\n/\n{query}\n{lines}\n{';'.join(names)}\n{call.headers['x-acs-content-sha256']}"
    to_sign = f"{scheme}\n{hashlib.sha256(request.encode()).hexdigest()}".encode()
    assert given["Signature"] == hmac.new(SECRET.encode(), to_sign, hashlib.sha256).hexdigest()
    return "+86" + dict(parse_qsl(query))["PhoneNumbers"]


def _tencent(call: Call) -> str:
    """Verify the signature as the company's document says, without using our own code."""
    scheme, credential, signed, signature = call.headers["authorization"].replace(",", "").split(" ")
    names = signed.removeprefix("SignedHeaders=")
    lines = "".join(f"{name}:{call.headers[name]}\n" for name in names.split(";"))
    request = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(call.body).hexdigest()}"
    at = int(call.headers["x-tc-timestamp"])
    _, _, scope = credential.partition("/")
    day = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
    assert scope == f"{day}/sms/tc3_request"
    key = f"TC3{SECRET}".encode()
    for step in (day, "sms", "tc3_request"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    to_sign = f"{scheme}\n{at}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    assert signature == "Signature=" + hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    return str(call.json["PhoneNumberSet"][0])


def _status(code: str, **more: str) -> dict[str, Any]:
    return {"Response": {"SendStatusSet": [{"Code": code, **more}], "RequestId": "r-1"}}


def _part(status: str, **more: str) -> dict[str, Any]:
    return {"message-count": "1", "messages": [{"status": status, **more}]}


def _fault(code: str) -> str:
    return f"<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>"


DIALECTS = [
    Dialect(
        type="http",
        keys={"secret": SECRET},
        path="/send",
        yes=Answer(200, {"id": "ref-1"}),
        temporary=Answer(503, ""),
        final=Answer(422, ""),
        other=None,
        genuine=_http,
    ),
    Dialect(
        type="ronglian",
        keys={"account_sid": "8aaf07", "auth_token": SECRET, "app_id": "8aaf08", "templates": TEMPLATES},
        yes=Answer(200, {"statusCode": "000000", "templateSMS": {"smsMessageSid": "ref-1"}}),
        temporary=Answer(200, {"statusCode": "160000"}),
        final=Answer(200, {"statusCode": "160042"}),
        other=Answer(200, {"statusCode": "111142"}),
        genuine=_ronglian,
    ),
    Dialect(
        type="aliyun",
        keys={
            "access_key_id": "AKID",
            "access_key_secret": SECRET,
            "sign_name": "示例",
            "templates": TEMPLATES,
        },
        yes=Answer(200, {"Code": "OK", "BizId": "ref-1"}),
        temporary=Answer(400, {"Code": "Throttling.User"}),
        final=Answer(200, {"Code": "isv.MOBILE_NUMBER_ILLEGAL"}),
        other=Answer(200, {"Code": "isv.AMOUNT_NOT_ENOUGH"}),
        genuine=_aliyun,
        code_in_address=True,
    ),
    Dialect(
        type="tencent",
        keys={"secret_id": "AKID", "secret_key": SECRET, "app_id": "1400006666", "templates": TEMPLATES},
        yes=Answer(200, _status("Ok", SerialNo="ref-1")),
        temporary=Answer(200, {"Response": {"Error": {"Code": "RequestLimitExceeded"}}}),
        final=Answer(200, _status("InvalidParameterValue.IncorrectPhoneNumber")),
        other=Answer(200, _status("FailedOperation.InsufficientBalanceInSmsPackage")),
        genuine=_tencent,
    ),
    Dialect(
        type="twilio",
        keys={"account_sid": "AC01", "auth_token": SECRET, "from": "+15017122661"},
        yes=Answer(201, {"sid": "ref-1"}),
        temporary=Answer(429, {"code": 20429}),
        final=Answer(400, {"code": 21610}),
        other=Answer(400, {"code": 21408}),
        genuine=_twilio,
    ),
    Dialect(
        type="vonage",
        keys={"api_key": "abcd", "signature_secret": SECRET, "from": "Sendcode"},
        yes=Answer(200, _part("0", **{"message-id": "ref-1"})),
        temporary=Answer(200, _part("1")),
        final=Answer(200, _part("7")),
        other=Answer(200, _part("9")),
        genuine=_vonage,
    ),
    Dialect(
        type="sns",
        keys={"region": "eu-central-1", "access_key_id": "AKID", "secret_access_key": SECRET},
        yes=Answer(200, "<PublishResponse><MessageId>ref-1</MessageId></PublishResponse>"),
        temporary=Answer(400, _fault("Throttled")),
        final=Answer(400, _fault("OptedOut")),
        other=Answer(403, _fault("AuthorizationError")),
        genuine=_sns,
    ),
]

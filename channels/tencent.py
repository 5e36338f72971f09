"""Gateway type `tencent`: SendSms of Tencent Cloud's SMS (cloud.tencent.com/document/api/382/55981, API 2021-01-11).

There is no idempotency key: a message repeated after an unknown result may arrive twice, with the same code.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from channels.gateway import SEND_SECONDS, Outgoing
from channels.options import Options
from channels.posting import CODE, Errors, reference, refusal
from channels.provider import Provider, plain, unreadable
from channels.provider_templates import ProviderTemplates
from channels.receipt_token import ReceiptToken, read_reports
from channels.receipts import Receipt, ReceiptAnswer, ReceiptRequest
from channels.tc3 import Signer
from domain.errors import GatewayError, TemporaryGatewayError, UnknownResult, WrongGateway
from domain.statuses import MessageStatus

ERRORS: dict[str, type[GatewayError]] = {
    "InternalError": TemporaryGatewayError,
    "LimitExceeded.GlobalSmsSendingRateLimit": TemporaryGatewayError,
    "RequestLimitExceeded": TemporaryGatewayError,
    "InternalError.SendAndRecvFail": UnknownResult,  # their own time-out
    "InternalError.Timeout": UnknownResult,
    "FailedOperation.ContainSensitiveWord": GatewayError,
    "FailedOperation.PhoneNumberInBlacklist": GatewayError,  # the recipient has unsubscribed
    "FailedOperation.PhoneNumberParseFail": GatewayError,
    "InvalidParameter.DirtyWordFound": GatewayError,
    "InvalidParameterValue.ContentLengthLimit": GatewayError,
    "InvalidParameterValue.IncorrectPhoneNumber": GatewayError,
    "AuthFailure": WrongGateway,  # key, signature, clock
    "FailedOperation": WrongGateway,  # what they don't approve
    "FailedOperation.InsufficientBalanceInSmsPackage": WrongGateway,
    "FailedOperation.SignatureIncorrectOrUnapproved": WrongGateway,
    "FailedOperation.TemplateIncorrectOrUnapproved": WrongGateway,
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": WrongGateway,
    "FailedOperation.TemplateUnapprovedOrNotExist": WrongGateway,
    "InternalError.RequestTimeException": WrongGateway,  # our clock is wrong
    "InternalError.SigFieldMissing": WrongGateway,
    "InternalError.SigVerificationFail": WrongGateway,
    "InvalidParameter": WrongGateway,
    "InvalidParameterValue": WrongGateway,
    "InvalidParameterValue.SdkAppIdNotExist": WrongGateway,
    "InvalidParameterValue.TemplateParameterFormatError": WrongGateway,
    "InvalidParameterValue.TemplateParameterLengthLimit": WrongGateway,
    "LimitExceeded": WrongGateway,  # too many a day, to this number, to this country, by their count
    "LimitExceeded.PhoneNumberDailyLimit": WrongGateway,
    "LimitExceeded.PhoneNumberThirtySecondLimit": WrongGateway,
    "UnauthorizedOperation": WrongGateway,
    "UnauthorizedOperation.SdkAppIdIsDisabled": WrongGateway,
    "UnauthorizedOperation.ServiceSuspendDueToArrears": WrongGateway,
    "UnsupportedOperation": WrongGateway,
    "UnsupportedOperation.UnsupportedRegion": WrongGateway,  # no such country
}
"""Values of `Code`, by the whole or by the family before the dot. They come with 200; see also `refusal`."""

URL = "https://sms.tencentcloudapi.com"
ACCEPTED = "Ok"
STATUSES = {"SUCCESS": MessageStatus.DELIVERED, "FAIL": MessageStatus.UNDELIVERED}
JSON = "application/json"


class TencentGateway(Provider):
    """See the module. Reports are signed by nobody, see ReceiptToken."""

    receipt_answer = ReceiptAnswer('{"result": 0, "errmsg": "OK"}', JSON)

    def __init__(
        self,
        options: Options,
        seconds: float = SEND_SECONDS,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ):
        """Read `secret_id`, `secret_key`, `app_id`, `sign_name`, `region`, `templates` and `receipt_token`.

        Raises ConfigurationError.
        """
        super().__init__(options, URL, "/", seconds)
        region = plain(options, "region", "ap-guangzhou")
        self._headers = {"X-TC-Action": "SendSms", "X-TC-Version": "2021-01-11", "X-TC-Region": region}
        self._signer = Signer(plain(options, "secret_id"), options.text("secret_key"), "sms")
        self._app_id = options.text("app_id")
        self._sign_name = options.text("sign_name", "")
        self._templates = ProviderTemplates(options)
        self._receipts = ReceiptToken(options)
        self._clock = clock

    def send(self, outgoing: Outgoing) -> str | None:
        """Send one template; return its SerialNo."""
        body, poster = self._body(outgoing), self._poster
        signed = self._signer.headers(poster.host, poster.target, JSON, body, self._clock())
        answer = poster.post(body, self._headers | signed)
        told = _told(answer.table())
        code = told.get("Code")
        if answer.accepted and not code:
            raise unreadable("Tencent")
        if not answer.accepted or code != ACCEPTED:
            raise refusal("Tencent", code, _errors(code), answer)
        return reference(told.get("SerialNo"))

    def read_receipts(self, request: ReceiptRequest, now: datetime) -> Sequence[Receipt]:
        """Read a list of reports."""
        self._receipts.prove(request)
        return [receipt for report in read_reports(request.body) if (receipt := _receipt(report))]

    def _body(self, outgoing: Outgoing) -> bytes:
        template = self._templates.of(outgoing)
        body: dict[str, Any] = {
            "PhoneNumberSet": [outgoing.to],
            "SmsSdkAppId": self._app_id,
            "TemplateId": template.id,
        }
        if self._sign_name:
            body["SignName"] = self._sign_name
        body["TemplateParamSet"] = list(template.values(outgoing).values())
        return json.dumps(body).encode()


def _told(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was said of our one number, or of the whole request where that was refused; empty if neither."""
    response = answer.get("Response")
    if not isinstance(response, dict):
        return {}
    numbers = response.get("SendStatusSet")
    found = response.get("Error") or (numbers[0] if isinstance(numbers, list) and numbers else None)
    return found if isinstance(found, dict) else {}


def _errors(code: object) -> Errors:
    """Return the meanings with this code under its family's, where it has none of its own."""
    family = ERRORS.get(code.partition(".")[0]) if isinstance(code, str) else None
    return ERRORS if family is None or code in ERRORS else {**ERRORS, str(code): family}


def _receipt(report: dict[str, Any]) -> Receipt | None:
    """Read one report; None where it is about nothing we could know."""
    sid, status, code = reference(report.get("sid")), report.get("report_status"), report.get("errmsg")
    if not sid or not isinstance(status, str):
        return None
    failed = STATUSES.get(status) is MessageStatus.UNDELIVERED
    told = failed and isinstance(code, str) and CODE.fullmatch(code)
    return Receipt(STATUSES.get(status), gateway_reference=sid, reason=f"Tencent: {code}" if told else None)

"""Gateway type `tencent`: SendSms of Tencent Cloud's SMS (cloud.tencent.com/document/api/382/55981, API 2021-01-11).

There is no idempotency key: a message repeated after an unknown result may arrive twice, with the same code.
"""

import json
from collections.abc import Mapping
from typing import Any

from channels.answers.references import reference
from channels.gateway import SEND_SECONDS, Outgoing
from channels.http.posting import Errors, reported
from channels.options import Options
from channels.provider import Clock, plain, utc_now
from channels.receipts import Receipt, ReceiptAnswer
from channels.signatures.tc3 import Signer
from channels.sms.china import ChinaProvider
from domain.gateway_errors import (
    GatewayAtFault,
    GatewayError,
    RateLimited,
    TemporaryGatewayError,
    UnknownResult,
    WrongGateway,
)
from domain.statuses import MessageStatus

ERRORS: Errors = {
    "InternalError": TemporaryGatewayError,  # the whole family but for what follows
    "LimitExceeded.GlobalSmsSendingRateLimit": RateLimited,
    "RequestLimitExceeded": RateLimited,
    "ServiceUnavailable": TemporaryGatewayError,
    "InternalError.ParseBackendResponseFail": UnknownResult,  # they could not read the carrier's answer
    "InternalError.SendAndRecvFail": UnknownResult,  # their own time-out
    "InternalError.Timeout": UnknownResult,
    "FailedOperation.ContainSensitiveWord": GatewayError,
    "FailedOperation.PhoneNumberInBlacklist": GatewayError,  # the recipient has unsubscribed
    "FailedOperation.PhoneNumberParseFail": GatewayError,
    "InvalidParameter.DirtyWordFound": GatewayError,
    "InvalidParameterValue.ContentLengthLimit": GatewayError,
    "InvalidParameterValue.IncorrectPhoneNumber": GatewayError,
    "AuthFailure": GatewayAtFault,  # key, signature, clock
    "FailedOperation": WrongGateway,  # what they don't approve
    "FailedOperation.InsufficientBalanceInSmsPackage": GatewayAtFault,
    "FailedOperation.SignatureIncorrectOrUnapproved": WrongGateway,
    "FailedOperation.TemplateIncorrectOrUnapproved": WrongGateway,
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": WrongGateway,
    "FailedOperation.TemplateUnapprovedOrNotExist": WrongGateway,
    "InternalError.JsonParseFail": WrongGateway,
    "InternalError.RequestTimeException": GatewayAtFault,  # our clock is wrong
    "InternalError.RestApiInterfaceNotExist": WrongGateway,
    "InternalError.SigFieldMissing": GatewayAtFault,
    "InternalError.SigVerificationFail": GatewayAtFault,
    "InvalidParameter": WrongGateway,
    "InvalidParameterValue": WrongGateway,  # no such application; a parameter that is too long or not a number
    "LimitExceeded": WrongGateway,  # their limits: a day, this number, this country
    "MissingParameter": WrongGateway,
    "UnauthorizedOperation": GatewayAtFault,  # no permission, our address, debts, application switched off
    "UnsupportedOperation": WrongGateway,  # no such country, a template for the other side of the border
}
"""Values of `Code` (cloud.tencent.com/document/api/382/59177 and 52075); they come with 200, see also `refusal`."""

URL = "https://sms.tencentcloudapi.com"
STATUSES = {"SUCCESS": MessageStatus.DELIVERED, "FAIL": MessageStatus.UNDELIVERED}
"""Values of `report_status`."""
JSON = "application/json"


class TencentGateway(ChinaProvider):
    """See the module. Reports carry the SerialNo as `sid`, and not our reference."""

    company = "Tencent"
    yes = "Ok"
    errors = ERRORS
    receipt_answer = ReceiptAnswer('{"result": 0, "errmsg": "OK"}', JSON)

    def __init__(self, options: Options, seconds: float = SEND_SECONDS, clock: Clock = utc_now):
        """Read `secret_id`, `secret_key`, `app_id`, `sign_name` and `region`. Raises ConfigurationError."""
        super().__init__(options, URL, "/", seconds, clock)
        region = plain(options, "region", "ap-guangzhou")
        self._headers = {"X-TC-Action": "SendSms", "X-TC-Version": "2021-01-11", "X-TC-Region": region}
        self._signer = Signer(plain(options, "secret_id"), options.text("secret_key"), "sms")
        self._app_id = options.text("app_id")
        self._sign_name = options.text("sign_name", "")

    def send(self, outgoing: Outgoing) -> str | None:
        """Send one template; return its SerialNo."""
        body, poster = self._body(outgoing), self._poster
        signed = self._signer.headers(poster.host, poster.target, JSON, body, self._clock())
        answer = poster.post(body, self._headers | signed, valid_until=outgoing.valid_until)
        told = _told(answer.table())
        self._judge(answer, told.get("Code"))
        return reference(told.get("SerialNo"))

    def _body(self, outgoing: Outgoing) -> bytes:
        template = self._templates.of(outgoing)
        body: dict[str, Any] = {
            "PhoneNumberSet": [outgoing.to],
            "SmsSdkAppId": self._app_id,
            "TemplateId": template.id,
        }
        if template.sign_name or self._sign_name:
            body["SignName"] = template.sign_name or self._sign_name
        body["TemplateParamSet"] = [value for _, value in template.values(outgoing.params)]
        return json.dumps(body).encode()

    def _receipt(self, report: dict[str, Any]) -> Receipt | None:
        """Read one report (tencentcloud.com/document/product/382/43547)."""
        sid, word = reference(report.get("sid")), report.get("report_status")
        if not sid or not isinstance(word, str):
            return None
        status = STATUSES.get(word)
        failed = status is MessageStatus.UNDELIVERED
        reason = reported(self.company, report.get("errmsg")) if failed else None
        return Receipt(status, gateway_reference=sid, reason=reason)


def _told(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the status of our one number, or the error of the whole request; empty if there is neither."""
    response = answer.get("Response")
    if not isinstance(response, dict):
        return {}
    numbers = response.get("SendStatusSet")
    found = response.get("Error") or (numbers[0] if isinstance(numbers, list) and numbers else None)
    return found if isinstance(found, dict) else {}

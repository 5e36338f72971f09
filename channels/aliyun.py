"""Gateway type `aliyun`: SendSms of Alibaba Cloud's Short Message Service (help.aliyun.com/zh/sms, API 2017-05-25).

The parameters, and with them the code, stand in the address, as the API wants it: TLS hides them on the way, but a
forward proxy that opens TLS and writes addresses to a log would write codes.
There is no idempotency key: a message repeated after an unknown result may arrive twice, with the same code.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from channels.acs3 import Signer, query_string
from channels.gateway import SEND_SECONDS, Outgoing
from channels.options import Options
from channels.posting import CODE, reference, refusal
from channels.provider import Provider, china_number, plain, unreadable
from channels.provider_templates import ProviderTemplates
from channels.receipt_token import ReceiptToken, read_reports
from channels.receipts import Receipt, ReceiptAnswer, ReceiptRequest
from domain.errors import GatewayError, TemporaryGatewayError, UnknownResult, WrongGateway
from domain.statuses import MessageStatus

ERRORS: dict[str, type[GatewayError]] = {
    "InternalError": TemporaryGatewayError,
    "ServiceUnavailable": TemporaryGatewayError,
    "Throttling": TemporaryGatewayError,
    "Throttling.Api": TemporaryGatewayError,
    "Throttling.User": TemporaryGatewayError,
    "isp.SYSTEM_ERROR": TemporaryGatewayError,
    "SignatureNonceUsed": UnknownResult,  # somebody on the way sent the request twice
    "isv.BLACK_KEY_CONTROL_LIMIT": GatewayError,  # a forbidden word in a parameter
    "isv.MOBILE_NUMBER_ILLEGAL": GatewayError,  # no valid number
    "isv.SMS_CONTENT_ILLEGAL": GatewayError,  # forbidden content
    "InvalidAccessKeyId.Inactive": WrongGateway,
    "InvalidAccessKeyId.NotFound": WrongGateway,
    "InvalidTimeStamp.Expired": WrongGateway,  # our clock is wrong
    "SignatureDoesNotMatch": WrongGateway,
    "isp.RAM_PERMISSION_DENY": WrongGateway,  # the key may not send
    "isv.ACCOUNT_ABNORMAL": WrongGateway,
    "isv.ACCOUNT_NOT_EXISTS": WrongGateway,
    "isv.AMOUNT_NOT_ENOUGH": WrongGateway,  # no balance
    "isv.BUSINESS_LIMIT_CONTROL": WrongGateway,  # too many to this number, by their count
    "isv.DAY_LIMIT_CONTROL": WrongGateway,  # the messages of the day are used up
    "isv.DENY_IP_RANGE": WrongGateway,  # our address is abroad
    "isv.DOMESTIC_NUMBER_NOT_SUPPORTED": WrongGateway,  # the template is for numbers abroad
    "isv.INVALID_JSON_PARAM": WrongGateway,
    "isv.INVALID_PARAMETERS": WrongGateway,
    "isv.MONTH_LIMIT_CONTROL": WrongGateway,  # the messages of the month are used up
    "isv.OUT_OF_SERVICE": WrongGateway,  # suspended for debts
    "isv.PARAM_LENGTH_LIMIT": WrongGateway,  # a parameter is longer than theirs may be
    "isv.PRODUCT_UNSUBSCRIBE": WrongGateway,
    "isv.PRODUCT_UN_SUBSCRIPT": WrongGateway,  # the account has no short messages
    "isv.SIGN_STATE_ILLEGAL": WrongGateway,  # the signature is switched off
    "isv.SMS_SIGNATURE_ILLEGAL": WrongGateway,  # no such signature
    "isv.SMS_SIGNATURE_SCENE_ILLEGAL": WrongGateway,  # signature and template don't fit
    "isv.SMS_SIGN_ILLEGAL": WrongGateway,  # the signature is forbidden
    "isv.SMS_TEMPLATE_ILLEGAL": WrongGateway,  # no such template, or not approved
    "isv.TEMPLATE_MISSING_PARAMETERS": WrongGateway,
}
"""Values of `Code`. An unknown one is judged by the HTTP status, see `refusal`."""

ACCEPTED = "OK"
ABROAD = {"ap-southeast-1", "ap-southeast-5", "eu-central-1", "us-east-1"}
"""Regions with an address of their own; all others are served by the central one."""
EMPTY = hashlib.sha256(b"").hexdigest()


class AliyunGateway(Provider):
    """See the module. Reports are signed by nobody, see ReceiptToken; they tell our own reference as `out_id`."""

    receipt_answer = ReceiptAnswer('{"code": 0, "msg": "接收成功"}', "application/json")

    def __init__(
        self,
        options: Options,
        seconds: float = SEND_SECONDS,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ):
        """Read `access_key_id`, `access_key_secret`, `sign_name`, `region`, `templates` and `receipt_token`.

        Raises ConfigurationError.
        """
        region = plain(options, "region", "cn-hangzhou")
        host = f"dysmsapi.{region}.aliyuncs.com" if region in ABROAD else "dysmsapi.aliyuncs.com"
        super().__init__(options, f"https://{host}", "/", seconds)
        self._signer = Signer(plain(options, "access_key_id"), options.text("access_key_secret"))
        self._sign_name = options.text("sign_name")
        self._templates = ProviderTemplates(options)
        self._receipts = ReceiptToken(options)
        self._clock = clock

    def send(self, outgoing: Outgoing) -> str | None:
        """Send one template; return its BizId."""
        template = self._templates.of(outgoing)
        query = query_string(
            {
                "OutId": outgoing.id,
                "PhoneNumbers": china_number(outgoing.to),
                "SignName": self._sign_name,
                "TemplateCode": template.id,
                "TemplateParam": json.dumps(template.values(outgoing)),
            }
        )
        answer = self._poster.post(b"", self._headers(query), query)
        told = answer.table()
        code = told.get("Code")
        if answer.accepted and not code:
            raise unreadable("Aliyun")
        if not answer.accepted or code != ACCEPTED:
            raise refusal("Aliyun", code, ERRORS, answer)
        return reference(told.get("BizId"))

    def read_receipts(self, request: ReceiptRequest, now: datetime) -> Sequence[Receipt]:
        """Read a list of reports (SmsReport pushed over HTTP)."""
        self._receipts.prove(request)
        return [receipt for report in read_reports(request.body) if (receipt := _receipt(report))]

    def _headers(self, query: str) -> dict[str, str]:
        signed = {
            "host": self._poster.host,
            "x-acs-action": "SendSms",
            "x-acs-content-sha256": EMPTY,
            "x-acs-date": self._clock().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": secrets.token_hex(16),
            "x-acs-version": "2017-05-25",
        }
        authorization = self._signer.authorization(self._poster.target, query, signed)
        return {**signed, "accept": "application/json", "authorization": authorization}


def _receipt(report: dict[str, Any]) -> Receipt | None:
    """Read one report; None where it is about nothing we could know."""
    ours, theirs, success = (
        reference(report.get("out_id")),
        reference(report.get("biz_id")),
        report.get("success"),
    )
    if not (ours or theirs) or not isinstance(success, bool):
        return None
    if success:
        return Receipt(MessageStatus.DELIVERED, ours, theirs)
    code = report.get("err_code")
    reason = f"Aliyun: {code}" if isinstance(code, str) and CODE.fullmatch(code) else None
    return Receipt(MessageStatus.UNDELIVERED, ours, theirs, reason)

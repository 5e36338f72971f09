"""Gateway type `aliyun`: SendSms of Alibaba Cloud's Short Message Service (help.aliyun.com/zh/sms, API 2017-05-25).

The API wants the parameters, and so the code, in the URL: TLS hides them on the way, but a forward proxy that
terminates TLS and logs URLs would log codes.
There is no idempotency key: a message repeated after an unknown result may arrive twice, with the same code.
"""

import json
import secrets
from typing import Any

from channels.answers.references import reference
from channels.gateway import SEND_SECONDS, Outgoing
from channels.http.posting import Errors, reported
from channels.options import Options
from channels.provider import Clock, plain, utc_now
from channels.receipts import Receipt, ReceiptAnswer
from channels.signatures.acs3 import BODY_HASH, Signer, query_string
from channels.signatures.signing import sha256
from channels.sms.china import ChinaProvider, china_number
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
    "InternalError": TemporaryGatewayError,
    "ServiceUnavailable": TemporaryGatewayError,
    "Throttling": RateLimited,  # also .Api and .User
    "isp.GATEWAY_ERROR": TemporaryGatewayError,
    "isp.SYSTEM_ERROR": TemporaryGatewayError,
    "SignatureNonceUsed": UnknownResult,  # something on the way sent the request twice
    "isv.BLACK_KEY_CONTROL_LIMIT": GatewayError,  # the number or a word of the text is on a blocklist
    "isv.CUSTOMER_REFUSED": GatewayError,  # the recipient has unsubscribed
    "isv.MOBILE_NUMBER_ILLEGAL": GatewayError,  # invalid number
    "isv.SMS_CONTENT_ILLEGAL": GatewayError,  # forbidden content
    "isv.UNSUPPORTED_CONTENT": GatewayError,  # characters that can't be sent
    "InvalidAccessKeyId": GatewayAtFault,  # .NotFound, .Inactive
    "InvalidTimeStamp": GatewayAtFault,  # .Expired: our clock is wrong
    "SignatureDoesNotMatch": GatewayAtFault,
    "isp.RAM_PERMISSION_DENY": GatewayAtFault,  # the key may not send
    "isv.ACCOUNT_ABNORMAL": GatewayAtFault,
    "isv.ACCOUNT_NOT_EXISTS": GatewayAtFault,
    "isv.AMOUNT_NOT_ENOUGH": GatewayAtFault,  # no balance
    "isv.BUSINESS_LIMIT_CONTROL": WrongGateway,  # too many to this number, by their count
    "isv.DAY_LIMIT_CONTROL": GatewayAtFault,  # the messages of the day are used up
    "isv.DENY_IP_RANGE": GatewayAtFault,  # our address is abroad
    "isv.DOMESTIC_NUMBER_NOT_SUPPORTED": WrongGateway,  # the template is for numbers abroad
    "isv.INVALID_JSON_PARAM": WrongGateway,
    "isv.INVALID_PARAMETERS": WrongGateway,
    "isv.MONTH_LIMIT_CONTROL": GatewayAtFault,  # the messages of the month are used up
    "isv.OUT_OF_SERVICE": GatewayAtFault,  # suspended for debts
    "isv.PARAM_LENGTH_LIMIT": WrongGateway,  # a parameter is longer than theirs may be
    "isv.PARAM_NOT_SUPPORT_URL": WrongGateway,  # they take no address in a parameter
    "isv.PRODUCT_UNSUBSCRIBE": GatewayAtFault,
    "isv.PRODUCT_UN_SUBSCRIPT": GatewayAtFault,  # the account has no short messages
    "isv.SIGN_STATE_ILLEGAL": WrongGateway,  # the signature is switched off
    "isv.SMS_SIGNATURE_ILLEGAL": WrongGateway,  # no such signature
    "isv.SMS_SIGNATURE_SCENE_ILLEGAL": WrongGateway,  # signature and template don't fit
    "isv.SMS_SIGN_ILLEGAL": WrongGateway,  # the signature is forbidden
    "isv.SMS_TEMPLATE_ILLEGAL": WrongGateway,  # no such template, or not approved
    "isv.TEMPLATE_MISSING_PARAMETERS": WrongGateway,
    "isv.TEMPLATE_PARAMS_ILLEGAL": WrongGateway,  # a parameter is not of the approved kind
}
"""Values of `Code` (help.aliyun.com/document_detail/101346.html, and those shared by all Alibaba Cloud APIs)."""

ABROAD = {"ap-southeast-1", "ap-southeast-5", "eu-central-1", "us-east-1"}
"""Regions with an endpoint of their own; the central one serves all others."""
EMPTY = sha256(b"")


class AliyunGateway(ChinaProvider):
    """See the module. Reports carry our own reference as `out_id`."""

    company = "Aliyun"
    yes = "OK"
    errors = ERRORS
    receipt_answer = ReceiptAnswer('{"code": 0, "msg": "接收成功"}', "application/json")

    def __init__(self, options: Options, seconds: float = SEND_SECONDS, clock: Clock = utc_now):
        """Read `access_key_id`, `access_key_secret`, `sign_name` and `region`. Raises ConfigurationError."""
        region = plain(options, "region", "cn-hangzhou")
        host = f"dysmsapi.{region}.aliyuncs.com" if region in ABROAD else "dysmsapi.aliyuncs.com"
        super().__init__(options, f"https://{host}", "/", seconds, clock)
        self._signer = Signer(plain(options, "access_key_id"), options.text("access_key_secret"))
        self._sign_name = options.text("sign_name")

    def send(self, outgoing: Outgoing) -> str | None:
        """Send one template; return its BizId."""
        template = self._templates.of(outgoing)
        query = query_string(
            {
                "OutId": outgoing.id,
                "PhoneNumbers": china_number(outgoing.to),
                "SignName": template.sign_name or self._sign_name,
                "TemplateCode": template.id,
                "TemplateParam": json.dumps(dict(template.values(outgoing.params))),
            }
        )
        answer = self._poster.post(b"", self._headers(query), query, valid_until=outgoing.valid_until)
        told = answer.table()
        self._judge(answer, told.get("Code"))
        return reference(told.get("BizId"))

    def _headers(self, query: str) -> dict[str, str]:
        signed = {
            "host": self._poster.host,
            "x-acs-action": "SendSms",
            BODY_HASH: EMPTY,
            "x-acs-date": self._clock().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": secrets.token_hex(16),
            "x-acs-version": "2017-05-25",
        }
        authorization = self._signer.authorization(self._poster.target, query, signed)
        return {**signed, "accept": "application/json", "authorization": authorization}

    def _receipt(self, report: dict[str, Any]) -> Receipt | None:
        """Read one report (SmsReport, help.aliyun.com/document_detail/101867.html)."""
        ours, theirs, success = (
            reference(report.get("out_id")),
            reference(report.get("biz_id")),
            report.get("success"),
        )
        if not (ours or theirs) or not isinstance(success, bool):
            return None
        if success:
            return Receipt(MessageStatus.DELIVERED, ours, theirs)
        return Receipt(
            MessageStatus.UNDELIVERED, ours, theirs, reported(self.company, report.get("err_code"))
        )

"""Gateway type `ronglian`: template SMS of Yuntongxun, also called Ronglian, Cloopen or CCP (doc.yuntongxun.com).

There is no idempotency key: a message repeated after an unknown result may arrive twice, with the same code. The
provider's `reqId` does not help: a repeated one is refused on the same day, and the refusal does not say whether the
first was sent.
"""

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from channels.answers.references import reference
from channels.answers.xml_texts import texts
from channels.gateway import SEND_SECONDS, Outgoing
from channels.http.posting import Errors, reported
from channels.options import Options
from channels.provider import Clock, plain, utc_now
from channels.receipts import Receipt, ReceiptAnswer
from channels.sms.china import ChinaProvider, china_number
from domain.errors import FieldProblem, InvalidInput
from domain.gateway_errors import (
    GatewayAtFault,
    GatewayError,
    RateLimited,
    TemporaryGatewayError,
    WrongGateway,
)
from domain.statuses import MessageStatus

BUSY = {str(code): TemporaryGatewayError for code in (*range(111000, 111100), *range(160000, 160011))}
"""Faults on their side, and busy channels."""

ERRORS: Errors = BUSY | {
    "111111": RateLimited,  # too many requests at once
    "160016": RateLimited,  # too many messages a second
    "160050": TemporaryGatewayError,  # sending failed
    "160063": TemporaryGatewayError,  # sending failed
    "160064": TemporaryGatewayError,  # sending failed
    "160013": GatewayError,  # invalid number, or one they can't reach
    "160033": GatewayError,  # forbidden words
    "160034": GatewayError,  # the number is on a blocklist
    "160037": GatewayError,  # the text is too long
    "160042": GatewayError,  # invalid number
    "160049": GatewayError,  # forbidden words
    "160051": GatewayError,  # the recipient has unsubscribed
    "160068": GatewayError,  # the recipient has unsubscribed from all senders
    "160073": GatewayError,  # the recipient has complained to the carrier
    "160074": GatewayError,  # the recipient is known for complaints
    "111106": GatewayAtFault,  # our clock is wrong
    "111109": GatewayAtFault,  # wrong signature
    "111138": GatewayAtFault,  # the account is not active
    "111139": GatewayAtFault,  # the account is paused
    "111140": GatewayAtFault,  # the account is closed
    "111141": GatewayAtFault,  # no such account
    "111142": GatewayAtFault,  # no balance
    "111143": GatewayAtFault,  # wrong token
    "111176": GatewayAtFault,  # the application is deleted
    "111177": GatewayAtFault,  # the application is disabled
    "111178": GatewayAtFault,  # the application is not published
    "111180": GatewayAtFault,  # the application is paused
    "111181": GatewayAtFault,  # no such application
    "111182": GatewayAtFault,  # the application belongs to another account
    "112303": GatewayAtFault,  # the application may not send
    "112310": WrongGateway,  # the application is not online: test numbers only
    "112311": WrongGateway,  # no such template
    "113302": WrongGateway,  # the test template, and no test number
    "160014": GatewayAtFault,  # their channel has no balance
    "160032": WrongGateway,  # no valid template
    "160038": WrongGateway,  # codes to this number too often, by their count
    "160039": WrongGateway,  # too many of this template to this number today
    "160040": WrongGateway,  # too many codes to this number today
    "160041": WrongGateway,  # too many notices to this number today
    "160043": WrongGateway,  # the template belongs to another application
    "160052": WrongGateway,  # a parameter does not fit the template
    "160053": GatewayAtFault,  # our address is not on their list
    "160056": WrongGateway,  # the same text to the same number
    "160057": WrongGateway,  # the template's id is not a number
    "160058": WrongGateway,  # the account may not send abroad
    "160061": WrongGateway,  # no such country
    "160062": WrongGateway,  # the country is not enabled
}
"""Values of `statusCode` (Yuntongxun's table of error codes). They come with HTTP 200, see also `refusal`."""

URL = "https://app.cloopen.com:8883"
CHINA = timezone(timedelta(hours=8))
REPORT, DELIVERED = "1", "0"
"""`smsType` of a report (others are replies by people); `status` of a delivered one (any other number: failed)."""


class RonglianGateway(ChinaProvider):
    """See the module. Each report comes alone, as XML or JSON, with the smsMessageSid as `content`."""

    company = "Ronglian"
    signs = False
    yes = "000000"
    errors = ERRORS
    receipt_answer = ReceiptAnswer(
        '<?xml version="1.0" encoding="UTF-8"?><Response><statuscode>000000</statuscode></Response>',
        "text/xml; charset=utf-8",
    )

    def __init__(self, options: Options, seconds: float = SEND_SECONDS, clock: Clock = utc_now):
        """Read `account_sid`, `auth_token` and `app_id`. Raises ConfigurationError."""
        self._account = plain(options, "account_sid")
        super().__init__(
            options, URL, f"/2013-12-26/Accounts/{self._account}/SMS/TemplateSMS", seconds, clock
        )
        self._secret = options.text("auth_token")
        self._app_id = options.text("app_id")

    def send(self, outgoing: Outgoing) -> str | None:
        """Send one template; return its smsMessageSid."""
        template = self._templates.of(outgoing)
        body = {
            "to": china_number(outgoing.to, abroad="00"),
            "appId": self._app_id,
            "templateId": template.id,
            "datas": [value for _, value in template.values(outgoing.params)],
        }
        sig, authorization = signature(self._account, self._secret, self._clock())
        headers = {
            "Content-Type": "application/json;charset=utf-8",
            "Accept": "application/json",
            "Authorization": authorization,
        }
        answer = self._poster.post(
            json.dumps(body).encode(), headers, f"sig={sig}", valid_until=outgoing.valid_until
        )
        told = answer.table()
        self._judge(answer, told.get("statusCode"))
        sent = told.get("templateSMS") or told.get("TemplateSMS")
        return reference(sent.get("smsMessageSid")) if isinstance(sent, dict) else None

    def _reports(self, body: bytes) -> Sequence[dict[str, Any]]:
        """Read `Request` from JSON or XML. Raises InvalidInput where it is neither."""
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            told: object = texts(body)
        else:
            told = found.get("Request", found) if isinstance(found, dict) else None
        if not isinstance(told, dict) or not told:
            raise InvalidInput(FieldProblem("body", "must be JSON or XML"))
        return [told]

    def _receipt(self, report: dict[str, Any]) -> Receipt | None:
        if str(report.get("smsType")) != REPORT:
            return None
        sid, status = reference(report.get("content")), str(report.get("status", ""))
        if not sid or not status:
            raise InvalidInput(FieldProblem("status" if sid else "content", "is missing"))
        if status == DELIVERED:
            return Receipt(MessageStatus.DELIVERED, gateway_reference=sid)
        if not re.fullmatch(r"-?[0-9]{1,9}", status):
            return Receipt(None, gateway_reference=sid)
        reason = reported(self.company, report.get("deliverCode"))
        return Receipt(MessageStatus.UNDELIVERED, gateway_reference=sid, reason=reason)


def signature(account: str, token: str, at: datetime) -> tuple[str, str]:
    """Return `sig` and `Authorization`; the provider's clock is on China's time."""
    stamp = at.astimezone(CHINA).strftime("%Y%m%d%H%M%S")
    # MD5 is the provider's choice; TLS protects the request.
    digest = hashlib.md5(f"{account}{token}{stamp}".encode(), usedforsecurity=False).hexdigest()
    return digest.upper(), base64.b64encode(f"{account}:{stamp}".encode()).decode()

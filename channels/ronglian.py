"""Gateway type `ronglian`: template SMS of Yuntongxun, also called Ronglian, Cloopen or CCP (doc.yuntongxun.com).

The provider takes no idempotency key that we could trust: a message repeated after an unknown result may arrive twice,
with the same code.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone

from channels.gateway import SEND_SECONDS, Outgoing
from channels.options import Options
from channels.posting import CODE, reference, refusal
from channels.provider import Provider, china_number, plain, unreadable
from channels.provider_templates import ProviderTemplates
from channels.receipt_token import ReceiptToken
from channels.receipts import Receipt, ReceiptAnswer, ReceiptRequest
from channels.xml_texts import texts
from domain.errors import FieldProblem, GatewayError, InvalidInput, TemporaryGatewayError, WrongGateway
from domain.statuses import MessageStatus

ERRORS: dict[str, type[GatewayError]] = {
    "111000": TemporaryGatewayError,  # unknown error of theirs
    "112326": TemporaryGatewayError,  # sending failed
    "160000": TemporaryGatewayError,  # system error
    "160050": TemporaryGatewayError,  # sending failed
    "112317": GatewayError,  # the number is on a black list
    "112319": GatewayError,  # the number is too long
    "160033": GatewayError,  # forbidden words
    "160034": GatewayError,  # the number is on a black list
    "160037": GatewayError,  # the text is too long
    "160042": GatewayError,  # no valid number
    "160049": GatewayError,  # forbidden words
    "160051": GatewayError,  # the recipient has unsubscribed
    "111109": WrongGateway,  # wrong signature
    "111138": WrongGateway,  # the account is not active
    "111139": WrongGateway,  # the account is paused
    "111140": WrongGateway,  # the account is closed
    "111141": WrongGateway,  # no such account
    "111142": WrongGateway,  # no balance
    "111143": WrongGateway,  # wrong token
    "111176": WrongGateway,  # the application is deleted
    "111177": WrongGateway,  # the application is disabled
    "111178": WrongGateway,  # the application is not published
    "111180": WrongGateway,  # the application is paused
    "111181": WrongGateway,  # no such application
    "111182": WrongGateway,  # the application belongs to another account
    "112303": WrongGateway,  # the application may not send
    "112310": WrongGateway,  # the application is not online: test numbers only
    "112314": WrongGateway,  # the messages of the day are used up
    "112323": WrongGateway,  # no such template, or not approved
    "113302": WrongGateway,  # the test template, and no test number
    "160032": WrongGateway,  # no valid template
    "160038": WrongGateway,  # codes to this number too often, by their count
    "160039": WrongGateway,  # too many of this template to this number today
    "160040": WrongGateway,  # too many codes to this number today
    "160041": WrongGateway,  # too many notices to this number today
    "160043": WrongGateway,  # the template belongs to another application
    "160052": WrongGateway,  # a parameter does not fit the template
    "160053": WrongGateway,  # our address is not on their list
    "160056": WrongGateway,  # the same text to the same number
    "160058": WrongGateway,  # the account may not send abroad
    "160061": WrongGateway,  # no such country
    "160062": WrongGateway,  # the country is not enabled
}
"""Values of `statusCode`. They come with 200; an unknown one is for another gateway, see `refusal`."""

URL = "https://app.cloopen.com:8883"
ACCEPTED = "000000"
CHINA = timezone(timedelta(hours=8))
REPORT, DELIVERED = "1", "0"
"""`smsType` of a report, else it is somebody's own message; `status` of a delivered one."""


class RonglianGateway(Provider):
    """See the module. Reports come as XML or JSON and are signed by nobody, see ReceiptToken."""

    receipt_answer = ReceiptAnswer(
        '<?xml version="1.0" encoding="UTF-8"?><Response><statuscode>000000</statuscode></Response>',
        "text/xml; charset=utf-8",
    )

    def __init__(
        self,
        options: Options,
        seconds: float = SEND_SECONDS,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ):
        """Read `account_sid`, `auth_token`, `app_id`, `templates` and `receipt_token`. Raises ConfigurationError."""
        self._account = plain(options, "account_sid")
        super().__init__(options, URL, f"/2013-12-26/Accounts/{self._account}/SMS/TemplateSMS", seconds)
        self._token = options.text("auth_token")
        self._app_id = options.text("app_id")
        self._templates = ProviderTemplates(options)
        self._receipts = ReceiptToken(options)
        self._clock = clock

    def send(self, outgoing: Outgoing) -> str | None:
        """Send one template; return its smsMessageSid."""
        template = self._templates.of(outgoing)
        body = {
            "to": china_number(outgoing.to, abroad="00"),
            "appId": self._app_id,
            "templateId": template.id,
            "datas": list(template.values(outgoing).values()),
        }
        sig, authorization = signature(self._account, self._token, self._clock())
        headers = {
            "Content-Type": "application/json;charset=utf-8",
            "Accept": "application/json",
            "Authorization": authorization,
        }
        answer = self._poster.post(json.dumps(body).encode(), headers, f"sig={sig}")
        told = answer.table()
        code = told.get("statusCode")
        if answer.accepted and not code:
            raise unreadable("Ronglian")
        if not answer.accepted or code != ACCEPTED:
            raise refusal("Ronglian", code, ERRORS, answer)
        sent = told.get("templateSMS") or told.get("TemplateSMS")
        return reference(sent.get("smsMessageSid")) if isinstance(sent, dict) else None

    def read_receipts(self, request: ReceiptRequest, now: datetime) -> Sequence[Receipt]:
        """Read one report; an answer of a recipient, which comes the same way, is none."""
        self._receipts.prove(request)
        told = _report(request.body)
        if told.get("smsType") != REPORT:
            return []
        sid, status, code = reference(told.get("content")), told.get("status"), told.get("deliverCode", "")
        if not sid or not status:
            raise InvalidInput(FieldProblem("status" if sid else "content", "is missing"))
        if status == DELIVERED:
            return [Receipt(MessageStatus.DELIVERED, gateway_reference=sid)]
        reason = f"Ronglian: {code}" if CODE.fullmatch(code) else None
        return [Receipt(MessageStatus.UNDELIVERED, gateway_reference=sid, reason=reason)]


def signature(account: str, token: str, at: datetime) -> tuple[str, str]:
    """Return `sig` and `Authorization`; the provider's clock shows China's time."""
    stamp = at.astimezone(CHINA).strftime("%Y%m%d%H%M%S")
    # MD5 is the provider's choice; TLS is what protects the request.
    digest = hashlib.md5(f"{account}{token}{stamp}".encode(), usedforsecurity=False).hexdigest()
    return digest.upper(), base64.b64encode(f"{account}:{stamp}".encode()).decode()


def _report(body: bytes) -> dict[str, str]:
    """Read `Request` from JSON or XML. Raises InvalidInput where it is neither."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        told = texts(body)
    else:
        inner = found.get("Request", found) if isinstance(found, dict) else {}
        told = {key: str(value) for key, value in inner.items()} if isinstance(inner, dict) else {}
    if not told:
        raise InvalidInput(FieldProblem("body", "must be JSON or XML"))
    return told

"""Gateway type `twilio`: Twilio's Messages API (twilio.com/docs/messaging/api/message-resource).

Twilio takes no idempotency key: a message repeated after an unknown result may arrive twice, with the same code.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

from channels.answers.references import reference
from channels.gateway import SEND_SECONDS, Outgoing
from channels.http.posting import Errors, refusal, reported
from channels.options import Options
from channels.provider import Provider, callback, unreadable
from channels.receipts import Receipt, ReceiptAnswer, ReceiptRequest
from channels.signatures.basic import basic
from domain.errors import FieldProblem, ForgedReceipt, InvalidInput
from domain.gateway_errors import (
    GatewayAtFault,
    GatewayError,
    RateLimited,
    TemporaryGatewayError,
    WrongGateway,
)
from domain.statuses import MessageStatus

ERRORS: Errors = {
    "14107": RateLimited,  # too many messages from this sender
    "20429": RateLimited,  # too many requests
    "20500": TemporaryGatewayError,  # internal error
    "20503": TemporaryGatewayError,  # unavailable
    "21611": RateLimited,  # the sender's queue is full
    "30001": RateLimited,  # queue overflow
    "30022": RateLimited,  # too many messages for the registered campaign
    "21211": GatewayError,  # no valid number
    "21217": GatewayError,  # no valid number
    "21265": GatewayError,  # the number is a short code
    "21604": GatewayError,  # the number is missing
    "21610": GatewayError,  # the recipient has unsubscribed
    "21614": GatewayError,  # not a mobile number
    "21617": GatewayError,  # the text is too long
    "21635": GatewayError,  # the number is a landline
    "30004": GatewayError,  # the recipient blocks messages
    "30005": GatewayError,  # unknown number
    "30006": GatewayError,  # landline or unreachable carrier
    "30007": GatewayError,  # the content was filtered
    "20003": GatewayAtFault,  # wrong credentials, suspended account, or no balance
    "20404": GatewayAtFault,  # no such account
    "21212": GatewayAtFault,  # no valid sender
    "21408": WrongGateway,  # the region is not enabled
    "21606": GatewayAtFault,  # the sender can't send text messages
    "21608": WrongGateway,  # a trial account and a number that is not verified
    "21612": WrongGateway,  # this sender can't reach this number
    "21659": GatewayAtFault,  # the sender is not a number of Twilio's
    "21660": GatewayAtFault,  # the sender belongs to another account
    "30002": GatewayAtFault,  # the account is suspended
    "30034": WrongGateway,  # the sender is not registered for the United States
    "63038": GatewayAtFault,  # the account's messages of the day are used up
}
"""Codes of api.twilio.com/docs/errors. Any other refusal is judged by its HTTP status, see `refusal`."""

STATUSES = {
    "delivered": MessageStatus.DELIVERED,
    "read": MessageStatus.DELIVERED,
    "undelivered": MessageStatus.UNDELIVERED,
    "failed": MessageStatus.UNDELIVERED,
    "canceled": MessageStatus.UNDELIVERED,
}
"""Final statuses of a status callback; all others are not final."""

URL = "https://api.twilio.com"
FORM = "application/x-www-form-urlencoded"
ACCOUNT = re.compile(r"[A-Za-z0-9]+")
MESSAGING_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
MOST_FIELDS = 100


class TwilioGateway(Provider):
    """See the module. Status callbacks carry no time: a repeated one is genuine and says the same again."""

    receipt_answer = ReceiptAnswer()

    def __init__(self, options: Options, seconds: float = SEND_SECONDS):
        """Read `account_sid`, `auth_token`, `from` and `status_callback`. Raises ConfigurationError."""
        account = options.text("account_sid")
        if not ACCOUNT.fullmatch(account):
            raise options.error("account_sid", "must hold letters and digits only")
        super().__init__(options, URL, f"/2010-04-01/Accounts/{account}/Messages.json", seconds)
        self._token = options.text("auth_token")
        self._headers = {"Content-Type": FORM, "Authorization": basic(account, self._token)}
        sender = options.text("from")
        self._fields = {"MessagingServiceSid" if MESSAGING_SERVICE.fullmatch(sender) else "From": sender}
        self._callback = callback(options)
        if self._callback:
            self._fields["StatusCallback"] = self._callback

    def send(self, outgoing: Outgoing) -> str | None:
        """Create one message; return its sid."""
        fields = {"To": outgoing.to, **self._fields, "Body": outgoing.text}
        answer = self._poster.post(
            urlencode(fields, errors="replace").encode(), self._headers, valid_until=outgoing.valid_until
        )
        told = answer.table()
        if not answer.accepted:
            raise refusal("Twilio", told.get("code"), ERRORS, answer)
        if told.get("status") in {"failed", "undelivered", "canceled"}:
            raise refusal("Twilio", told.get("error_code"), ERRORS, answer)
        sid = reference(told.get("sid"))
        if sid is None:
            raise unreadable("Twilio")
        return sid

    def read_receipts(self, request: ReceiptRequest, now: datetime) -> Sequence[Receipt]:
        """Read one status callback; its signature covers the URL that Twilio calls, and it names Twilio's sid only."""
        try:
            form = parse_qsl(
                request.body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
            )
        except ValueError:
            raise ForgedReceipt("the status callback is not a form") from None
        given = request.headers.get("x-twilio-signature", "").encode(errors="replace")
        # Twilio called the URL that we gave it, whatever a proxy made of it on the way.
        expected = [signature(self._token, url, form) for url in _spellings(self._callback or request.url)]
        if not any(hmac.compare_digest(given, one.encode()) for one in expected):
            raise ForgedReceipt("the status callback is not signed with the account's token")
        values = dict(form)
        sid, status = reference(values.get("MessageSid")), values.get("MessageStatus")
        if not sid or not status:
            raise InvalidInput(FieldProblem("MessageStatus" if sid else "MessageSid", "is missing"))
        reason = reported("Twilio", values.get("ErrorCode"))
        return [Receipt(STATUSES.get(status), gateway_reference=sid, reason=reason)]


def signature(token: str, url: str, form: Iterable[tuple[str, str]]) -> str:
    """Return the `X-Twilio-Signature` of a form posted to `url` (twilio.com/docs/usage/security)."""
    signed = url + "".join(name + value for name, value in sorted(set(form)))
    return base64.b64encode(
        hmac.new(token.encode(), signed.encode(errors="replace"), hashlib.sha1).digest()
    ).decode()


def _spellings(url: str) -> set[str]:
    """Return the URL with and without its port and credentials: Twilio signs sometimes the one, sometimes the other.

    `https://user:password@…` is how Twilio is told to answer a proxy's basic authentication (usage/security).
    """
    try:
        parts = urlsplit(url)
        given = parts.port
    except ValueError:
        return {url}
    credentials, _, place = parts.netloc.rpartition("@")
    host = place.rpartition(":")[0] if given else place
    port = given or (80 if parts.scheme == "http" else 443)
    places = {place, host, f"{host}:{port}"}
    named = {f"{credentials}@{one}" for one in places} if credentials else set()
    return {url} | {parts._replace(netloc=one).geturl() for one in places | named}

"""Gateway type `vonage`: Vonage's SMS API (developer.vonage.com/en/api/sms), formerly Nexmo.

Vonage takes no idempotency key: a message repeated after an unknown result may arrive twice, with the same code.
"""

import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

from channels.answers.references import reference
from channels.gateway import SEND_SECONDS, Outgoing
from channels.http.posting import Errors, refusal, reported
from channels.options import Options
from channels.provider import Provider, callback, unreadable
from channels.receipts import Receipt, ReceiptAnswer, ReceiptRequest
from domain import gsm
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
    "1": RateLimited,  # throttled
    "5": TemporaryGatewayError,  # internal error
    "10": RateLimited,  # too many connections
    "6": GatewayError,  # no such number prefix
    "7": GatewayError,  # the number is barred
    "12": GatewayError,  # the text is too long
    "33": GatewayError,  # the number is no longer in use
    "2": WrongGateway,  # a parameter is missing
    "3": WrongGateway,  # a parameter is wrong
    "4": GatewayAtFault,  # wrong credentials
    "8": GatewayAtFault,  # the account is barred
    "9": GatewayAtFault,  # no balance
    "11": GatewayAtFault,  # the account may not use this API
    "14": GatewayAtFault,  # wrong signature
    "15": WrongGateway,  # the sender is not allowed
    "17": WrongGateway,  # blocked by Vonage's own protection
    "22": WrongGateway,  # no such network
    "23": WrongGateway,  # the callback is not a URL
    "29": WrongGateway,  # a trial account with a number that is not on its list
    "32": WrongGateway,  # signature and secret together are not allowed
}
"""Statuses of developer.vonage.com/en/api-errors/sms. They come with 200; an unknown one lets another gateway try."""

STATUSES = {
    "delivered": MessageStatus.DELIVERED,
    "expired": MessageStatus.UNDELIVERED,
    "failed": MessageStatus.UNDELIVERED,
    "rejected": MessageStatus.UNDELIVERED,
}
"""Final statuses of a delivery receipt; accepted, buffered and unknown are not final."""

URL = "https://rest.nexmo.com"
FORM = "application/x-www-form-urlencoded"
TOLERANCE_SECONDS = 300
MOST_FIELDS = 100
NAME = re.compile(r"[^&=]+")


class VonageGateway(Provider):
    """See the module. A long text is sent in parts; the message counts as refused if one of them is."""

    receipt_answer = ReceiptAnswer()

    def __init__(self, options: Options, seconds: float = SEND_SECONDS):
        """Read `api_key`, `api_secret` or `signature_secret`, `from`, `status_callback`. Raises ConfigurationError."""
        super().__init__(options, URL, "/sms/json", seconds)
        self._fields = {"api_key": options.text("api_key"), "from": options.text("from").removeprefix("+")}
        self._secret = options.text("signature_secret", "")
        secret = options.text("api_secret", "")
        if bool(secret) == bool(self._secret):
            raise options.error("api_secret", "or signature_secret must be given, and not both")
        if secret:
            self._fields["api_secret"] = secret
        if address := callback(options):
            self._fields["callback"] = address

    def send(self, outgoing: Outgoing) -> str | None:
        """Send one message; return the id of its first part."""
        fields = {
            **self._fields,
            "to": outgoing.to.removeprefix("+"),
            "text": outgoing.text.encode(errors="replace").decode(),
            "type": "text" if gsm.fits(outgoing.text) else "unicode",
            "client-ref": outgoing.id,
        }
        if self._secret:
            fields["timestamp"] = str(int(time.time()))
            fields["sig"] = signature(self._secret, fields)
        answer = self._poster.post(
            urlencode(fields).encode(), {"Content-Type": FORM}, valid_until=outgoing.valid_until
        )
        if not answer.accepted:
            raise refusal("Vonage", None, ERRORS, answer)
        parts = answer.table().get("messages")
        if not isinstance(parts, list) or not parts or not all(isinstance(part, dict) for part in parts):
            raise unreadable("Vonage")
        for part in parts:
            if str(part.get("status")) != "0":
                raise refusal("Vonage", part.get("status"), ERRORS, answer)
        return reference(parts[0].get("message-id"))

    def read_receipts(self, request: ReceiptRequest, now: datetime) -> Sequence[Receipt]:
        """Read one delivery receipt, sent by GET, as a form or as JSON."""
        values = _values(request)
        given = values.pop("sig", "").lower().encode(errors="replace")
        expected = signature(self._secret, values).encode()
        if not self._secret or not hmac.compare_digest(given, expected):
            raise ForgedReceipt("the delivery receipt is not signed with the signature secret")
        stamp = values.get("timestamp", "")
        if not re.fullmatch(r"[0-9]{1,12}", stamp) or abs(now.timestamp() - int(stamp)) > TOLERANCE_SECONDS:
            raise ForgedReceipt("the delivery receipt is too old")
        message_id, status = reference(values.get("messageId")), values.get("status")
        if not message_id or not status:
            raise InvalidInput(FieldProblem("status" if message_id else "messageId", "is missing"))
        code = values.get("err-code")
        return [
            Receipt(
                STATUSES.get(status),
                reference=reference(values.get("client-ref")),
                gateway_reference=message_id,
                reason=reported("Vonage", code) if code != "0" else None,
            )
        ]


def signature(secret: str, values: Mapping[str, str]) -> str:
    """Return `sig` by the method HMAC-SHA256 (developer.vonage.com/en/concepts/guides/signing-messages)."""
    clean = str.maketrans("&=", "__")
    signed = "".join(f"&{name}={value.translate(clean)}" for name, value in sorted(values.items()))
    return hmac.new(secret.encode(), signed.encode(errors="replace"), hashlib.sha256).hexdigest()


def _values(request: ReceiptRequest) -> dict[str, str]:
    """Read the parameters; Vonage sends no name twice, and none that could hide another."""
    try:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json":
            pairs = json.loads(request.body, object_pairs_hook=list)
        else:
            text = urlsplit(request.url).query if request.method == "GET" else request.body.decode()
            pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
        values = {name: str(value) for name, value in pairs if _plain(name, value)}
    except (ValueError, TypeError, RecursionError):
        raise ForgedReceipt("the delivery receipt can't be read") from None
    if len(values) != len(pairs) or not all(NAME.fullmatch(name) for name in values):
        raise ForgedReceipt("the delivery receipt can't be read")
    return values


def _plain(name: object, value: object) -> bool:
    return isinstance(name, str) and isinstance(value, str | int) and not isinstance(value, bool)

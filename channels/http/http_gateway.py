"""Gateway type `http`: our own signed interface, or any provider that takes a message in one POST."""

import json
import re
import time
from collections.abc import Mapping
from datetime import datetime

from channels.gateway import SEND_SECONDS, Outgoing
from channels.http.body import Body, refuse_placeholders
from channels.http.posting import TOO_MANY_REQUESTS, Answer, Poster, reference
from channels.http.success import Success, read_success
from channels.options import Options
from channels.receipts import Receipt, ReceiptAnswer, ReceiptRequest
from channels.signatures import webhooks
from domain.errors import (
    ConfigurationError,
    FieldProblem,
    ForgedReceipt,
    GatewayAtFault,
    GatewayError,
    InvalidInput,
    RateLimited,
    TemporaryGatewayError,
    UnknownResult,
)
from domain.statuses import Channel, MessageStatus

HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
HEADER_VALUE = re.compile(r"[\x20-\x7e\xa0-\xff]*")
LONGEST_REFERENCE = 128
AT_FAULT = {401, 402, 403, 404, 409}
"""Statuses that tell of our account or address at the provider, and nothing of the message."""
OUR_HEADERS = re.compile(r"(?i)content-type|content-length|transfer-encoding|idempotency-key|webhook-.*")


class HttpGateway:
    """See the module. Safe for threads and for gevent and eventlet greenlets; follows no redirects.

    Parameters:
        secret: signs each request as Standard Webhooks says; empty = unsigned.
        connections: how many are kept; more are opened when all are in use.
        seconds: longest time for one send in all.
    """

    channel = Channel.SMS
    type = "http"
    rate = 0
    smtputf8 = False
    rate_seconds = 1
    receipt_answer = ReceiptAnswer('{"status": "ok"}', "application/json")

    def __init__(
        self,
        url: str,
        *,
        name: str = "http",
        weight: int = 100,
        countries: frozenset[str] = frozenset(),
        secret: str = "",
        body: Body | None = None,
        headers: Mapping[str, str] | None = None,
        success: Success | None = None,
        ca_file: str | None = None,
        connections: int = 100,
        seconds: float = SEND_SECONDS,
    ):
        """Check the arguments; connects on the first send only. Raises ConfigurationError."""
        self.name = name
        self.weight = weight
        self.countries = countries
        self.capacity: int | None = None
        self._secret = secret
        self._body = body or Body()
        if not HEADER_VALUE.fullmatch(self._body.content_type):
            raise ConfigurationError("content_type: can't be sent as a header")
        refuse_placeholders("url", url)
        refuse_placeholders("content_type", self._body.content_type)
        self._headers = _checked_headers(headers or {}) | {"Content-Type": self._body.content_type}
        self._success = success
        self._poster = Poster(url, ca_file=ca_file, connections=connections, seconds=seconds)
        _check_secret(secret)

    def send(self, outgoing: Outgoing) -> str | None:
        """Post one message; return the `id` of the provider's answer if it gave one.

        Raises GatewayError or TemporaryGatewayError.
        """
        body = self._body.render(outgoing)
        headers = self._headers | {"Idempotency-Key": outgoing.id}
        if self._secret:
            headers |= webhooks.headers(self._secret, outgoing.id, int(time.time()), body)
        answer = self._poster.post(body, headers, valid_until=outgoing.valid_until)
        if not answer.accepted:
            raise _refusal(answer)
        if self._success:
            if answer.body is None:
                raise UnknownResult("the provider's answer broke off: it may or may not have accepted it")
            self._success.check(answer.body)
        return reference(answer.table().get("id"))  # the status alone means accepted

    def read_receipts(self, request: ReceiptRequest, now: datetime) -> list[Receipt]:
        """Read `{reference, status, reason?}`, signed with our secret; without a secret no report is accepted.

        Raises ForgedReceipt, and InvalidInput where a signed report can't be understood.
        """
        if not webhooks.verify(self._secret, request.headers, request.body, now.timestamp()):
            raise ForgedReceipt("the report is not signed, wrongly signed or older than five minutes")
        return [_receipt(request.body)]

    def probe(self, seconds: float) -> str:
        """Open a connection, with TLS where the URL says so; send no request."""
        return self._poster.probe(seconds)

    def close(self) -> None:
        """Close the kept connections."""
        self._poster.close()


def create(options: Options) -> HttpGateway:
    """Make the gateway described by one table of gateways.toml."""
    custom = options.table("headers")
    return HttpGateway(
        options.text("url"),
        name=options.name,
        weight=options.weight,
        countries=options.countries,
        secret=options.text("secret", ""),
        body=Body(options.anything("body"), options.text("content_type", "")),
        headers={name: custom.text(name, "") for name in custom.keys} if custom else None,
        success=read_success(options.table("success")),
        ca_file=options.text("ca_file", "") or None,
        connections=options.http_connections,
    )


def _receipt(body: bytes) -> Receipt:
    try:
        report = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidInput(FieldProblem("body", "must be JSON")) from None
    if not isinstance(report, dict):
        raise InvalidInput(FieldProblem("body", "must be an object"))
    reference, status, reason = (report.get(key) for key in ("reference", "status", "reason"))
    if not isinstance(reference, str) or not 1 <= len(reference) <= LONGEST_REFERENCE:
        raise InvalidInput(
            FieldProblem("reference", f"must be a text of 1 to {LONGEST_REFERENCE} characters")
        )
    if status not in (MessageStatus.DELIVERED, MessageStatus.UNDELIVERED):
        raise InvalidInput(FieldProblem("status", "must be delivered or undelivered"))
    if not isinstance(reason, str | None):
        raise InvalidInput(FieldProblem("reason", "must be a text"))
    return Receipt(MessageStatus(status), reference=reference, reason=_printable(reason))


def _printable(text: str | None) -> str | None:
    return "".join(character for character in text if character.isprintable()) if text else None


def _check_secret(secret: str) -> None:
    try:
        webhooks.sign(secret, "", 0, b"")
    except ValueError as error:
        raise ConfigurationError(f"secret: {error}") from None


def _checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        refuse_placeholders("headers", name)
        refuse_placeholders(f"headers: {name}", value)
        if not HEADER_NAME.fullmatch(name) or not HEADER_VALUE.fullmatch(value):
            raise ConfigurationError(f"headers: {name!r} can't be sent as a header")
        if OUR_HEADERS.fullmatch(name):
            raise ConfigurationError(f"headers: {name} is set by the gateway itself")
    return {"User-Agent": "Sendcode", **headers}


def _refusal(answer: Answer) -> GatewayError:
    reason = f"the provider answered {answer.status}"
    if answer.status == TOO_MANY_REQUESTS:
        return RateLimited(reason, retry_after=answer.retry_after)
    if answer.temporary:
        return TemporaryGatewayError(reason, retry_after=answer.retry_after)
    return GatewayAtFault(reason) if answer.status in AT_FAULT else GatewayError(reason)

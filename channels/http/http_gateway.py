"""Gateway type `http`: our own signed interface, or the interface of any provider over HTTP."""

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from channels.answers.finding import Document
from channels.answers.references import LONGEST_REFERENCE, reference
from channels.gateway import SEND_SECONDS, Outgoing
from channels.http.dialect import Dialect, read_dialect
from channels.http.posting import Answer, Poster
from channels.http.request_template import Request, RequestTemplate
from channels.options import Options
from channels.receipts import Receipt, ReceiptAnswer, ReceiptRequest
from channels.signatures import webhooks
from channels.signatures.sigv4 import Signer
from domain.errors import ConfigurationError, FieldProblem, ForgedReceipt, InvalidInput
from domain.gateway_errors import UnknownResult
from domain.statuses import Channel, MessageStatus

UNAUTHORIZED = 401


class HttpGateway:
    """See the module. Safe for threads and for gevent and eventlet greenlets; follows no redirects.

    Parameters:
        secret: signs each request as Standard Webhooks says; empty = unsigned.
        dialect: the provider's own interface; None is ours.
        connections: how many are kept; more are opened when all are in use.
        seconds: longest time for one send in all.
    """

    type = "http"
    rate = 0
    smtputf8 = False
    rate_seconds = 1

    def __init__(
        self,
        url: str,
        *,
        name: str = "http",
        channel: Channel = Channel.SMS,
        weight: int = 100,
        countries: frozenset[str] = frozenset(),
        secret: str = "",
        dialect: Dialect | None = None,
        ca_file: str | None = None,
        connections: int = 100,
        seconds: float = SEND_SECONDS,
    ):
        """Check the arguments; connects on the first send only. Raises ConfigurationError."""
        self.name = name
        self.channel = channel
        self.weight = weight
        self.countries = countries
        self.capacity: int | None = None
        self._secret = secret
        self._dialect = dialect = dialect or Dialect()
        self._template = RequestTemplate(
            url,
            dialect.names,
            method=dialect.method,
            query=dialect.query,
            headers=dialect.headers,
            fixed_headers=dialect.fixed_headers,
            body=dialect.body,
        )
        self._seconds = seconds
        self._poster = Poster(
            self._template.server, ca_file=ca_file, connections=connections, seconds=seconds
        )
        self._reports = dialect.reports
        self.lacks_proof = self._reports is not None and self._reports.lacks_proof
        self.receipt_answer = (
            self._reports.answer if self._reports else ReceiptAnswer('{"status": "ok"}', "application/json")
        )
        _check_secret(secret)

    def send(self, outgoing: Outgoing) -> str | None:
        """Send one message; return the provider's id of it if its answer holds one.

        Raises GatewayError or TemporaryGatewayError.
        """
        request = self._template.fill(outgoing)
        request.headers["Idempotency-Key"] = outgoing.id
        if self._secret:
            signed = request.body or b""
            request.headers.update(webhooks.headers(self._secret, outgoing.id, int(time.time()), signed))
        if self._dialect.signer:
            request.headers.update(self._signature(self._dialect.signer, request))
        answer = self._exchange(request, outgoing)
        document = Document(answer.body or b"", answer.headers)
        dialect = self._dialect
        if not answer.accepted:
            raise dialect.refusals.error(answer, document)
        if dialect.success:
            if answer.body is None:
                raise UnknownResult("the provider's answer broke off: it may or may not have accepted it")
            if not dialect.success.is_met(document):
                raise dialect.refusals.error(answer, document, dialect.success.otherwise)
        return reference(dialect.reference.find(document))  # the status alone means accepted

    def _signature(self, signer: Signer, request: Request) -> dict[str, str]:
        content_type, body = request.headers["Content-Type"], request.body or b""
        return signer.headers(self._poster.host, request.target, content_type, body, datetime.now(UTC))

    def _exchange(self, request: Request, outgoing: Outgoing) -> Answer:
        """Send the request, with a token where the provider wants one; a token that is refused is renewed once."""
        tokens = self._dialect.tokens
        if tokens is None:
            return self._poster.request(*request, valid_until=outgoing.valid_until)
        ends = time.monotonic() + self._seconds
        token = tokens.token()
        answer = self._with_token(request, token, outgoing, ends)
        if answer.status == UNAUTHORIZED:
            answer = self._with_token(request, tokens.renew(token), outgoing, ends)
        return answer

    def _with_token(self, request: Request, token: str, outgoing: Outgoing, ends: float) -> Answer:
        outgoing.ensure_valid()  # getting a token can take long
        request.headers["Authorization"] = f"Bearer {token}"
        left = max(ends - time.monotonic(), 0.001)
        return self._poster.request(*request, valid_until=outgoing.valid_until, seconds=left)

    def read_receipts(self, request: ReceiptRequest, now: datetime) -> Sequence[Receipt]:
        """Read the provider's reports, or ours: `{reference, status, reason?}`, signed with our secret.

        Raises ForgedReceipt, and InvalidInput where a genuine report can't be understood.
        """
        if self._reports:
            return self._reports.read(request, now)
        if not webhooks.verify(self._secret, request.headers, request.body, now.timestamp()):
            raise ForgedReceipt("the report is not signed, wrongly signed or older than five minutes")
        return [_receipt(request.body)]

    def knows_word(self, word: str) -> bool:
        """Tell whether a word for a status has a meaning here."""
        return self._reports is None or self._reports.knows(word)

    def probe(self, seconds: float) -> str:
        """Open a connection, with TLS where the URL says so; send no request."""
        return self._poster.probe(seconds)

    def close(self) -> None:
        """Close the kept connections."""
        self._poster.close()
        if self._dialect.tokens:
            self._dialect.tokens.close()


def create(options: Options) -> HttpGateway:
    """Make the gateway described by one table of gateways.toml."""
    return HttpGateway(
        options.text("url"),
        name=options.name,
        channel=options.channel,
        weight=options.weight,
        countries=options.countries,
        secret=options.text("secret", ""),
        dialect=read_dialect(options),
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

"""How a provider is spoken to over HTTP: what is sent, what its answers mean, and how it reports."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from channels.answers.finding import JsonPaths, Place, read_place
from channels.email.mail_headers import configured_sender
from channels.http.auth import read_auth
from channels.http.body import Body
from channels.http.mail_names import mail_values
from channels.http.oauth import ClientCredentials
from channels.http.refusals import Refusals, read_refusals
from channels.http.request_template import read_method
from channels.http.success import Success, read_success
from channels.http.visiting import visit
from channels.options import Options
from channels.placeholders.filling import Filling
from channels.placeholders.gateway_names import USUAL, gateway_names, signatures
from channels.placeholders.texts import Names
from channels.reports.reading import ReportReader
from channels.reports.receipt_token import ReceiptToken
from channels.signatures.sigv4 import Signer
from domain.statuses import Channel


@dataclass(frozen=True, slots=True)
class Dialect:
    """See the module; the defaults are our own interface.

    Parameters:
        names: the placeholders of the url, the query and the headers.
        fixed_headers: headers without placeholders.
        body: None where none is sent.
        reference: where an answer has the provider's id of the message.
        reports: None where only our own reports are understood.
    """

    method: str = "POST"
    names: Names[Filling] = USUAL
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    fixed_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Body | None = field(default_factory=Body)
    tokens: ClientCredentials | None = None
    signer: Signer | None = None
    success: Success | None = None
    refusals: Refusals = field(default_factory=Refusals)
    reference: Place = field(default_factory=lambda: JsonPaths(["id"]))
    reports: ReportReader | None = None


def read_dialect(options: Options) -> Dialect:
    """Read the keys of a provider's own interface. Raises ConfigurationError."""
    token = ReceiptToken(options)
    names = gateway_names(options, _callback(options, token))
    if options.channel is Channel.EMAIL:
        sender = configured_sender(options.text("sender"), options.text("reply_to", options.reply_to))
        names = names.also(mail_values(sender))
    for_body, names = signatures(options.table("sign"), names)
    method = read_method(options)
    body, content_type = options.anything("body"), options.text("content_type", "")
    headers = _texts(options.table("headers"))
    auth = read_auth(options.table("auth"), names)
    if options.has("auth") and "authorization" in map(str.lower, headers):
        raise options.error("headers", "Authorization is set by `auth`")
    if auth.signer and (method != "POST" or options.has("query") or "?" in options.text("url")):
        raise options.error("auth", "sigv4 signs a POST without a query only")
    reports = options.table("receipts")
    if token.text and not reports:
        raise options.error(
            "receipt_token", "needs the table `receipts`: our own reports are signed with `secret`"
        )
    return Dialect(
        method=method,
        names=names,
        query=_texts(options.table("query")),
        headers=headers,
        fixed_headers=auth.headers,
        body=None if method == "GET" else Body(body, content_type, for_body),
        tokens=auth.tokens,
        signer=auth.signer,
        success=read_success(options.table("success")),
        refusals=read_refusals(options.table("errors")),
        reference=read_place(options, "reference", JsonPaths(["id"])),
        reports=_reports(reports, token, options) if reports else None,
    )


def _reports(table: Options, token: ReceiptToken, options: Options) -> ReportReader:
    is_mail = options.channel is Channel.EMAIL
    return ReportReader(table, token, options.credentials, of_mails=is_mail, visit=visit)


def _callback(options: Options, token: ReceiptToken) -> str:
    """Return where the provider reports deliveries; empty where nothing says how we are reached."""
    if not options.public_url:
        return ""
    address = f"{options.public_url.rstrip('/')}/receipts/{options.name}"
    return f"{address}?token={token.text}" if token.text else address


def _texts(table: Options | None) -> dict[str, str]:
    return {name: table.text(name, "") for name in table.keys} if table else {}

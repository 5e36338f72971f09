"""One company's side of a preset, as a table; tests/channels/presets/test_presets.py runs it.

A new preset needs a file in `cases/` that defines `CASE`, and nothing else. What each field means:
"""

import importlib
import json
import pkgutil
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from channels import presets
from channels.http import http_gateway
from channels.http.http_gateway import HttpGateway
from channels.options import Options
from channels.receipts import ReceiptRequest
from domain.mail_outcomes import MailOutcome
from domain.statuses import Channel
from tests.channels.presets import cases
from tests.servers.http import Answer, Call

TOKEN = "t0ken-of-the-receipts"
PUBLIC_URL = "https://code.example.com"
ADDRESS = f"{PUBLIC_URL}/receipts/the-gateway"
CALLBACK = f"{ADDRESS}?token={TOKEN}"
SUBJECT = "您的验证码 & Grüße 😀"
UNSUBSCRIBE = "https://code.example.com/unsubscribe/abc?x=1"
"""Of the mails that are sent; their HTML is the text in a paragraph."""
SENDER = {"sender": "Example <no-reply@example.com>"}
ANSWERS = "Help <help@example.com>"
"""MAIL_REPLY_TO."""
"""For `more` of a mail company."""
FORM = "application/x-www-form-urlencoded"

Forge = Callable[[ReceiptRequest], ReceiptRequest]


@dataclass(frozen=True)
class Case:
    """A preset, and what its company does.

    `arrived` is the company's server: it asserts that authentication and fields are right, and returns the number (in
    E.164) and the text as the company understands them. It gets `CALLBACK` where it should be told where to report.
    """

    preset: str
    keys: Mapping[str, str]
    """What the user gives; every value that is a secret contains `s3cret`."""
    arrived: Callable[[Call], tuple[str, str]]
    accepted: Sequence[Answer]
    """Answers that mean success; each holds `reference`."""
    reference: str | None
    refusals: Mapping[str, Sequence[Answer]]
    """By the words of `errors` (later, rate, another, account, final): at least one answer for each that can come."""
    report: Callable[[str, str, float], ReceiptRequest] | None = None
    """Makes the genuine report of a status word about a reference, signed at a Unix time; None: reports nothing."""
    words: Mapping[str, str | None] = field(default_factory=dict)
    """Each status word, and `delivered`, `undelivered` or None (no change yet)."""
    outcomes: Mapping[str, MailOutcome] = field(default_factory=dict)
    """Of those words the ones that tell more about a mail than its status."""
    reports_ours: bool = False
    """Whether reports name our {reference}, though answers hold an id, too."""
    forged: Sequence[Forge] = ()
    """Ways to break a genuine report, besides those that every report is broken in."""
    proof_in_body: bool = False
    """Whether a report proves itself without its URL and its headers."""
    signed_time: bool = False
    """Whether the proof covers the time, so that an old report is refused."""
    answer: tuple[int, str] = (200, "")
    """The status and the body that the company expects as the answer to a report."""
    to: str = "+8613812345678"
    more: Mapping[str, Any] = field(default_factory=dict)
    """More keys of gateways.toml."""
    has_own_text: bool = False
    """Whether the company has the text, and gets only the code."""
    code_in_address: bool = False
    """Whether the company wants the message, with its code, in the URL."""
    tokens: Answer | None = None
    """The answer of the token endpoint, where there is one."""


def all_cases() -> list[Case]:
    """Return the case of every file in `cases/`."""
    names = sorted(module.name for module in pkgutil.iter_modules(cases.__path__))
    return [importlib.import_module(f"{cases.__name__}.{name}").CASE for name in names]


def table(case: Case, port: int) -> dict[str, Any]:
    """Return the user's table for a case, with the company's servers on this port."""
    gateway = presets.preset(case.preset).gateway
    server = f"http://127.0.0.1:{port}"
    has_address = gateway["url"].startswith("{keys.address}")
    moved: dict[str, Any] = {"address": server} if has_address else {"url": _moved(gateway["url"], server)}
    if token_url := gateway.get("auth", {}).get("token_url"):
        moved["auth"] = {"token_url": _moved(token_url, server)}
    return {
        "name": "the-gateway",
        "preset": case.preset,
        **({"receipt_token": TOKEN} if "receipts" in gateway else {}),
        **case.keys,
        **moved,
        **case.more,
    }


def gateway_of(case: Case, port: int, *, public_url: str = PUBLIC_URL) -> HttpGateway:
    """Make the gateway of a case."""
    whole, credentials = presets.expanded(table(case, port))
    options = Options(
        whole,
        "here",
        name="the-gateway",
        http_connections=4,
        reply_to=ANSWERS,
        public_url=public_url,
        credentials=credentials,
    )
    options.channel = Channel(options.text("channel"))
    options.text("name"), options.text("type"), options.texts("countries")
    made = http_gateway.create(options)
    options.finish()
    return made


def form(call: Call) -> dict[str, str]:
    """Return the fields of a form; none may come twice."""
    assert call.headers["content-type"] == FORM
    return _fields(call.body.decode())


def query(call: Call) -> dict[str, str]:
    """Return the fields of the query; none may come twice."""
    return _fields(urlsplit(call.target).query)


def check_headers(headers: Mapping[str, str]) -> None:
    """Assert that a mail has the headers of all our mails and of bulk mails."""
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["List-Unsubscribe"] == f"<{UNSUBSCRIBE}>"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["List-Id"] == "<broadcasts.example.com>"


def check_html(html: str, text: str) -> None:
    """Assert that the HTML of a mail is the one of its text."""
    assert html == f"<p>{text.removesuffix(chr(10))}</p>"


def report_by_form(
    url: str = CALLBACK, headers: Mapping[str, str] | None = None, **fields: str
) -> ReceiptRequest:
    """Return a report posted as a form."""
    return ReceiptRequest("POST", url, {"content-type": FORM, **(headers or {})}, urlencode(fields).encode())


def report_by_get(url: str = CALLBACK, **fields: str) -> ReceiptRequest:
    """Return a report in the query of a GET."""
    joint = "&" if "?" in url else "?"
    return ReceiptRequest("GET", f"{url}{joint}{urlencode(fields)}", {}, b"")


def report_by_json(
    body: Any, url: str = CALLBACK, headers: Mapping[str, str] | None = None
) -> ReceiptRequest:
    """Return a report posted as JSON."""
    given = {"content-type": "application/json", **(headers or {})}
    return ReceiptRequest("POST", url, given, json.dumps(body).encode())


def without_token(report: ReceiptRequest) -> ReceiptRequest:
    """Break a report that a token proves."""
    return replace(report, url=report.url.replace(f"token={TOKEN}", "token=another-token-of-nobody"))


def without_headers(report: ReceiptRequest) -> ReceiptRequest:
    """Break a report that a header proves."""
    return replace(report, headers={"content-type": report.headers.get("content-type", "")})


def other_body(report: ReceiptRequest) -> ReceiptRequest:
    """Break a report whose body is signed."""
    return replace(report, body=report.body + b" ")


def _fields(text: str) -> dict[str, str]:
    pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict")
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def _moved(url: str, server: str) -> str:
    moved, times = re.subn(r"^https://[^/]+", server, url)
    assert times == 1
    return moved

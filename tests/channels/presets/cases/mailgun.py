"""Mailgun (documentation.mailgun.com: Send an email, webhook payloads, securing webhooks)."""

import hmac
from base64 import b64encode
from typing import Any

from channels.receipts import ReceiptRequest
from domain.mail_outcomes import MailOutcome
from tests.channels.presets.case import (
    ADDRESS,
    ANSWERS,
    SENDER,
    SUBJECT,
    Case,
    check_headers,
    check_html,
    form,
    report_by_json,
)
from tests.servers.http import Answer, Call

TOKEN = "0123456789abcdef0123456789abcdef0123456789abcdef01"


def arrived(call: Call) -> tuple[str, str]:
    assert (call.method, call.target) == ("POST", "/v3/mg.example.com/messages")
    assert call.headers["authorization"] == "Basic " + b64encode(b"api:s3cret").decode()
    mail = form(call)
    assert (mail["from"], mail["subject"]) == ("Example <no-reply@example.com>", SUBJECT)
    assert (mail["v:reference"], mail["o:tracking"]) == ("msg-0123456789abcdef", "no")
    assert mail["h:Reply-To"] == ANSWERS
    check_headers({name.removeprefix("h:"): value for name, value in mail.items()})
    check_html(mail["html"], mail["text"])
    return mail["to"], mail["text"]


def error(status: int, message: str) -> Answer:
    return Answer(status, {"message": message})


def report(word: str, reference: str, at: float) -> ReceiptRequest:
    event, severity, reason, kind, *_ = [*word.split(), "", "", ""]
    told: dict[str, Any] = {"event": event, "user-variables": {"reference": reference}}
    if severity:
        told |= {"severity": severity, "reason": reason, "delivery-status": {"code": 550}}
    if kind:
        told["delivery-status"] |= {"enhanced-code": "5.1.1", "bounce-type": kind}
    return signed(told, at)


def signed(event: Any, at: float, *, key: bytes = b"s3cret-hook") -> ReceiptRequest:
    stamp = str(int(at))
    digest = hmac.new(key, (stamp + TOKEN).encode(), "sha256").hexdigest()
    signature = {"timestamp": stamp, "token": TOKEN, "signature": digest}
    return report_by_json({"signature": signature, "event-data": event}, ADDRESS)


def another_key(report: ReceiptRequest) -> ReceiptRequest:
    return signed({"event": "delivered"}, 1796000000, key=b"another")


def no_signature(report: ReceiptRequest) -> ReceiptRequest:
    event = {"event": "delivered", "user-variables": {"reference": "ref-1"}}
    return report_by_json({"event-data": event}, ADDRESS)


CASE = Case(
    preset="mailgun",
    keys={"api_key": "s3cret", "domain": "mg.example.com", "webhook_signing_key": "s3cret-hook"},
    arrived=arrived,
    accepted=[Answer(200, {"id": "<20261130.1@mg.example.com>", "message": "Queued. Thank you."})],
    reference="<20261130.1@mg.example.com>",
    refusals={
        "later": [Answer(500, "")],
        "rate": [Answer(429, "")],
        "account": [
            Answer(401, "Forbidden"),
            error(403, "Domain mg.example.com is not allowed to send: Please activate your Mailgun account"),
        ],
        "another": [error(400, "from parameter is missing")],
        "final": [error(400, "'to' parameter is not a valid address. please check documentation")],
    },
    report=report,
    words={
        "delivered": "delivered",
        "failed permanent bounce hard": "undelivered",
        "failed permanent bounce": "undelivered",
        "failed permanent suppress-bounce": "undelivered",
        "failed permanent bounce soft": "undelivered",
        "failed permanent old": "undelivered",
        "rejected": "undelivered",
        "failed temporary generic soft": None,
        "complained": None,
        "unsubscribed": None,
        "accepted": None,
        "opened": None,
    },
    outcomes={
        "failed permanent bounce hard": MailOutcome.HARD_BOUNCE,
        "failed permanent bounce": MailOutcome.HARD_BOUNCE,
        "failed permanent suppress-bounce": MailOutcome.HARD_BOUNCE,
        "complained": MailOutcome.COMPLAINT,
        "unsubscribed": MailOutcome.UNSUBSCRIBE,
    },
    reports_ours=True,
    forged=[another_key, no_signature],
    proof_in_body=True,
    signed_time=True,
    to="ann@example.org",
    more={**SENDER, "receipt_token": ""},
)

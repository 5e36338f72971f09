"""SendGrid (twilio.com/docs/sendgrid: Mail Send, Event Webhook Reference, Event Webhook Security Features)."""

import json
from base64 import b64encode
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from channels.receipts import ReceiptRequest
from domain.mail_outcomes import MailOutcome
from tests.channels.presets.case import (
    ADDRESS,
    SENDER,
    SUBJECT,
    Case,
    check_headers,
    check_html,
    other_body,
    without_headers,
)
from tests.servers.http import Answer, Call

PRIVATE = ec.derive_private_key(0x5EC2E7, ec.SECP256R1())
PUBLIC = b64encode(
    PRIVATE.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
).decode()


def arrived(call: Call) -> tuple[str, str]:
    assert (call.method, call.target) == ("POST", "/v3/mail/send")
    assert call.headers["authorization"] == "Bearer SG.s3cret"
    assert call.headers["content-type"] == "application/json"
    mail = call.json
    assert mail["from"] == {"email": "no-reply@example.com", "name": "Example"}
    assert mail["subject"] == SUBJECT
    assert mail["custom_args"] == {"reference": "msg-0123456789abcdef"}
    assert mail["tracking_settings"]["click_tracking"] == {"enable": False}
    assert mail["tracking_settings"]["open_tracking"] == {"enable": False}
    assert mail["reply_to"] == {"email": "help@example.com", "name": "Help"}
    check_headers(mail["headers"])
    text, html = mail["content"]
    assert (text["type"], html["type"]) == ("text/plain", "text/html")
    check_html(html["value"], text["value"])
    (person,) = mail["personalizations"]
    (to,) = person["to"]
    return to["email"], text["value"]


def error(status: int, field: str | None) -> Answer:
    return Answer(status, json.dumps({"errors": [{"message": "…", "field": field, "help": None}]}))


def report(word: str, reference: str, at: float) -> ReceiptRequest:
    event, _, kind = word.partition(" ")
    told: dict[str, Any] = {"email": "ann@example.org", "event": event, "reference": reference}
    if kind:
        told |= {"type": kind, "status": "5.1.1", "reason": "550 ann@example.org: no such user"}
    body = json.dumps([told]).encode() + b"\r\n"
    stamp = str(int(at))
    headers = {
        "content-type": "application/json",
        "x-twilio-email-event-webhook-timestamp": stamp,
        "x-twilio-email-event-webhook-signature": b64encode(
            PRIVATE.sign(stamp.encode() + body, ec.ECDSA(SHA256()))
        ).decode(),
    }
    return ReceiptRequest("POST", ADDRESS, headers, body)


CASE = Case(
    preset="sendgrid",
    keys={"api_key": "SG.s3cret", "webhook_public_key": PUBLIC},
    arrived=arrived,
    accepted=[Answer(202, "", headers={"X-Message-Id": "14c5d75ce93"})],
    reference="14c5d75ce93",
    refusals={
        "later": [Answer(500, ""), Answer(503, "")],
        "rate": [error(429, None)],
        "account": [error(401, None), error(403, "from"), error(400, "from.email")],
        "another": [error(400, "content"), error(413, None)],
        "final": [error(400, "personalizations.0.to.0.email")],
    },
    report=report,
    words={
        "delivered": "delivered",
        "bounce": "undelivered",
        "bounce bounce": "undelivered",
        "bounce blocked": "undelivered",
        "dropped": "undelivered",
        "spamreport": None,
        "unsubscribe": None,
        "group_unsubscribe": None,
        "processed": None,
        "deferred": None,
        "open": None,
    },
    outcomes={
        "bounce": MailOutcome.HARD_BOUNCE,
        "bounce bounce": MailOutcome.HARD_BOUNCE,
        "spamreport": MailOutcome.COMPLAINT,
        "unsubscribe": MailOutcome.UNSUBSCRIBE,
        "group_unsubscribe": MailOutcome.UNSUBSCRIBE,
    },
    reports_ours=True,
    forged=[other_body, without_headers],
    signed_time=True,
    to="ann@example.org",
    more={**SENDER, "receipt_token": ""},
)

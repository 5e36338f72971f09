"""Resend (resend.com/docs/api-reference/emails/send-email, /docs/dashboard/webhooks)."""

import hmac
import json
from base64 import b64decode, b64encode
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
    other_body,
    report_by_json,
    without_headers,
)
from tests.servers.http import Answer, Call

KEY = "s3cretAA" * 4
BOUNCES = ("Permanent", "Transient", "Undetermined")


def arrived(call: Call) -> tuple[str, str]:
    assert (call.method, call.target) == ("POST", "/emails")
    assert call.headers["authorization"] == "Bearer re_s3cret"
    assert call.headers["content-type"] == "application/json"
    assert call.headers["idempotency-key"] == "msg-0123456789abcdef"
    mail = call.json
    assert (mail["from"], mail["subject"]) == ("Example <no-reply@example.com>", SUBJECT)
    assert mail["tags"] == [{"name": "reference", "value": "msg-0123456789abcdef"}]
    assert mail["reply_to"] == ANSWERS
    check_headers(mail["headers"])
    check_html(mail["html"], mail["text"])
    (to,) = mail["to"]
    return to, mail["text"]


def error(status: int, name: str) -> Answer:
    return Answer(status, {"statusCode": status, "name": name, "message": "…"})


def report(word: str, reference: str, at: float) -> ReceiptRequest:
    data: dict[str, Any] = {"email_id": reference, "to": ["ann@example.org"], "subject": "…"}
    if word in BOUNCES:
        data["bounce"] = {"message": "…", "type": word, "subType": "General"}
    return signed({"type": "email.bounced" if word in BOUNCES else word, "data": data}, at)


def signed(event: Any, at: float) -> ReceiptRequest:
    stamp = str(int(at))
    content = f"msg_1.{stamp}.{json.dumps(event)}".encode()
    digest = b64encode(hmac.digest(b64decode(KEY), content, "sha256")).decode()
    headers = {"svix-id": "msg_1", "svix-timestamp": stamp, "svix-signature": f"v1,AAAA v1,{digest}"}
    return report_by_json(event, ADDRESS, headers)


CASE = Case(
    preset="resend",
    keys={"api_key": "re_s3cret", "webhook_secret": f"whsec_{KEY}"},
    arrived=arrived,
    accepted=[Answer(200, {"id": "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"})],
    reference="49a3999c-0ce1-4ea6-ab68-afcd6dc2e794",
    refusals={
        "later": [error(500, "application_error"), error(409, "concurrent_idempotent_requests")],
        "rate": [error(429, "rate_limit_exceeded")],
        "account": [
            error(401, "missing_api_key"),
            error(403, "validation_error"),
            error(429, "monthly_quota_exceeded"),
        ],
        "another": [error(422, "missing_required_field"), error(409, "invalid_idempotent_request")],
        "final": [error(422, "invalid_to_address")],
    },
    report=report,
    words={
        "email.delivered": "delivered",
        "Permanent": "undelivered",
        "email.suppressed": "undelivered",
        "Transient": "undelivered",
        "Undetermined": "undelivered",
        "email.failed": "undelivered",
        "email.complained": None,
        "email.sent": None,
        "email.delivery_delayed": None,
        "email.opened": None,
    },
    outcomes={
        "Permanent": MailOutcome.HARD_BOUNCE,
        "email.suppressed": MailOutcome.HARD_BOUNCE,
        "email.complained": MailOutcome.COMPLAINT,
    },
    forged=[other_body, without_headers],
    signed_time=True,
    to="ann@example.org",
    more={**SENDER, "receipt_token": ""},
)

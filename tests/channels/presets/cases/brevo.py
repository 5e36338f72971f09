"""Brevo (developers.brevo.com/reference/sendtransacemail, /docs/transactional-webhooks)."""

from channels.receipts import ReceiptRequest
from domain.mail_outcomes import MailOutcome
from tests.channels.presets.case import (
    ADDRESS,
    SENDER,
    SUBJECT,
    Case,
    check_headers,
    check_html,
    report_by_json,
    without_headers,
)
from tests.servers.http import Answer, Call


def arrived(call: Call) -> tuple[str, str]:
    assert (call.method, call.target) == ("POST", "/v3/smtp/email")
    assert call.headers["api-key"] == "xkeysib-s3cret"
    assert call.headers["content-type"] == "application/json"
    mail = call.json
    assert mail["sender"] == {"name": "Example", "email": "no-reply@example.com"}
    assert mail["subject"] == SUBJECT
    assert mail["headers"]["X-Mailin-custom"] == "msg-0123456789abcdef"
    assert mail["replyTo"] == {"email": "help@example.com", "name": "Help"}
    check_headers(mail["headers"])
    check_html(mail["htmlContent"], mail["textContent"])
    (to,) = mail["to"]
    return to["email"], mail["textContent"]


def error(status: int, code: str, message: str = "…") -> Answer:
    return Answer(status, {"code": code, "message": message})


def report(word: str, reference: str, at: float) -> ReceiptRequest:
    event = {
        "event": word,
        "email": "ann@example.org",
        "message-id": "<202611300900.123@smtp-relay.mailin.fr>",
        "X-Mailin-custom": reference,
        "reason": "550 5.1.1 ann@example.org: no such user",
    }
    return report_by_json(event, ADDRESS, {"authorization": "Bearer hook-s3cret"})


CASE = Case(
    preset="brevo",
    keys={"api_key": "xkeysib-s3cret", "webhook_token": "hook-s3cret"},
    arrived=arrived,
    accepted=[Answer(201, {"messageId": "<202611300900.123@smtp-relay.mailin.fr>"})],
    reference="<202611300900.123@smtp-relay.mailin.fr>",
    refusals={
        "later": [Answer(503, "")],
        "rate": [Answer(429, "")],
        "account": [
            error(401, "unauthorized"),
            error(402, "not_enough_credits"),
            error(400, "account_under_validation"),
        ],
        "another": [
            error(400, "invalid_parameter"),
            error(400, "invalid_parameter", "email is not valid in sender"),
            error(400, "missing_parameter"),
        ],
        "final": [error(400, "invalid_parameter", "email is not valid in to")],
    },
    report=report,
    words={
        "delivered": "delivered",
        "hard_bounce": "undelivered",
        "invalid_email": "undelivered",
        "soft_bounce": "undelivered",
        "blocked": "undelivered",
        "error": "undelivered",
        "spam": None,
        "unsubscribed": None,
        "request": None,
        "deferred": None,
        "opened": None,
        "click": None,
    },
    outcomes={
        "hard_bounce": MailOutcome.HARD_BOUNCE,
        "invalid_email": MailOutcome.HARD_BOUNCE,
        "spam": MailOutcome.COMPLAINT,
        "unsubscribed": MailOutcome.UNSUBSCRIBE,
    },
    reports_ours=True,
    forged=[without_headers],
    to="ann@example.org",
    more={**SENDER, "receipt_token": ""},
)

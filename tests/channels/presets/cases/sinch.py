"""Sinch (developers.sinch.com/docs/sms/api-reference)."""

from channels.receipts import ReceiptRequest
from tests.channels.presets.case import CALLBACK, Case, report_by_json, without_token
from tests.servers.http import Answer, Call


def arrived(call: Call) -> tuple[str, str]:
    assert (call.method, call.target) == ("POST", "/xms/v1/plan1/batches")
    assert call.headers["authorization"] == "Bearer s3cret"
    sent = dict(call.json)
    (number,) = sent.pop("to")
    text = sent.pop("body")
    assert sent.pop("client_reference")
    assert sent == {"from": "Example", "delivery_report": "per_recipient", "callback_url": CALLBACK}
    return f"+{number}", text


def error(http: int, code: str) -> Answer:
    return Answer(http, {"code": code, "text": "…"})


def report(word: str, reference: str, at: float) -> ReceiptRequest:
    return report_by_json(
        {
            "type": "recipient_delivery_report_sms",
            "batch_id": "their-id",
            "recipient": "8613812345678",
            "code": 0,
            "status": word,
            "at": "2026-11-30T10:00:00.000Z",
            "client_reference": reference,
        }
    )


CASE = Case(
    preset="sinch",
    keys={"service_plan_id": "plan1", "api_token": "s3cret", "from": "Example"},
    arrived=arrived,
    accepted=[Answer(201, {"id": "01FC66621XXXXX119Z8PMV1QPQ", "to": ["8613812345678"], "canceled": False})],
    reference="01FC66621XXXXX119Z8PMV1QPQ",
    refusals={
        "later": [Answer(500, ""), Answer(503, "")],
        "rate": [Answer(429, ""), error(429, "too_many_requests")],
        "account": [error(401, "unauthorized"), error(403, "forbidden"), Answer(401, "")],
        "another": [error(400, "syntax_invalid_parameter_format"), error(400, "syntax_constraint_violation")],
    },
    report=report,
    reports_ours=True,
    words={
        "Delivered": "delivered",
        "Failed": "undelivered",
        "Rejected": "undelivered",
        "Expired": "undelivered",
        "Aborted": "undelivered",
        "Cancelled": "undelivered",
        "Deleted": "undelivered",
        "Queued": None,
        "Dispatched": None,
        "Unknown": None,
    },
    forged=[without_token],
)

"""Bandwidth (dev.bandwidth.com/apis/messaging)."""

from channels.receipts import ReceiptRequest
from tests.channels.presets.case import Case, report_by_json, without_token
from tests.servers.http import Answer, Call


def arrived(call: Call) -> tuple[str, str]:
    assert (call.method, call.target) == ("POST", "/api/v2/users/5500/messages")
    assert call.headers["authorization"] == "Bearer s3cret-t1"
    sent = dict(call.json)
    (to,) = sent.pop("to")
    text = sent.pop("text")
    assert sent.pop("tag")
    assert sent == {"applicationId": "app1", "from": "+15550001111"}
    return to, text


def error(http: int, kind: str, field: str | None = None) -> Answer:
    fields = [{"fieldName": field, "description": "…"}] if field else []
    return Answer(http, {"type": kind, "description": "…", "fieldErrors": fields})


def report(word: str, reference: str, at: float) -> ReceiptRequest:
    return report_by_json(
        [
            {
                "time": "2026-11-30T10:00:00.000Z",
                "type": word,
                "to": "+8613812345678",
                "description": "…",
                "message": {"id": "their-id", "direction": "out", "applicationId": "app1", "tag": reference},
            }
        ]
    )


CASE = Case(
    preset="bandwidth",
    keys={
        "account_id": "5500",
        "client_id": "c1",
        "client_secret": "s3cret",
        "application_id": "app1",
        "from": "+15550001111",
    },
    arrived=arrived,
    accepted=[Answer(202, {"id": "1589228074636lm4k2je7j7jklbn2", "segmentCount": 1})],
    reference="1589228074636lm4k2je7j7jklbn2",
    refusals={
        "later": [Answer(500, "")],
        "rate": [error(429, "too-many-requests")],
        "account": [error(403, "forbidden")],
        "another": [error(400, "request-validation", "from"), error(400, "request-validation")],
        "final": [error(400, "request-validation", "to")],
    },
    report=report,
    reports_ours=True,
    words={
        "message-delivered": "delivered",
        "message-failed": "undelivered",
        "message-sending": None,
        "message-sent": None,
    },
    forged=[without_token],
    tokens=Answer(200, {"access_token": "s3cret-t1", "token_type": "Bearer", "expires_in": 3600}),
)

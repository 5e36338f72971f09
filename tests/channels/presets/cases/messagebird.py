"""MessageBird's REST interface (developers.messagebird.com/api/sms-messaging)."""

from channels.receipts import ReceiptRequest
from tests.channels.presets.case import CALLBACK, Case, report_by_get, without_token
from tests.servers.http import Answer, Call


def arrived(call: Call) -> tuple[str, str]:
    assert (call.method, call.target) == ("POST", "/messages")
    assert call.headers["authorization"] == "AccessKey s3cret"
    sent = dict(call.json)
    text = sent.pop("body")
    (number,) = sent.pop("recipients")
    assert sent.pop("reference")
    assert sent == {"originator": "Example", "datacoding": "auto", "reportUrl": CALLBACK}
    return f"+{number}", text


def error(http: int, code: int, parameter: str | None = None) -> Answer:
    return Answer(http, {"errors": [{"code": code, "description": "…", "parameter": parameter}]})


def report(word: str, reference: str, at: float) -> ReceiptRequest:
    return report_by_get(
        id="their-id",
        reference=reference,
        recipient="8613812345678",
        status=word,
        statusErrorCode="0",
        statusDatetime="2026-11-30T10:00:00+00:00",
    )


CASE = Case(
    preset="messagebird",
    keys={"access_key": "s3cret", "from": "Example"},
    arrived=arrived,
    accepted=[
        Answer(
            201,
            {
                "id": "e8077d803532c0b5937c639b60216938",
                "recipients": {"totalCount": 1, "items": [{"recipient": 8613812345678, "status": "sent"}]},
            },
        )
    ],
    reference="e8077d803532c0b5937c639b60216938",
    refusals={
        "later": [error(500, 99), Answer(503, "")],
        "rate": [Answer(429, "")],
        "account": [error(401, 2, "access_key"), error(402, 25), error(401, 2)],
        "another": [error(422, 9, "originator"), error(422, 21)],
        "final": [error(422, 9, "recipient"), error(422, 10, "recipients")],
    },
    report=report,
    reports_ours=True,
    words={
        "delivered": "delivered",
        "expired": "undelivered",
        "delivery_failed": "undelivered",
        "scheduled": None,
        "sent": None,
        "buffered": None,
    },
    forged=[without_token],
)

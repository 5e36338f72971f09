"""Clickatell's Platform API (docs.clickatell.com)."""

from typing import Any

from channels.receipts import ReceiptRequest
from tests.channels.presets.case import Case, report_by_json, without_token
from tests.servers.http import Answer, Call


def arrived(call: Call) -> tuple[str, str]:
    assert (call.method, call.target) == ("POST", "/messages")
    assert call.headers["authorization"] == "s3cret"
    sent = dict(call.json)
    (number,) = sent.pop("to")
    text = sent.pop("content")
    assert sent.pop("clientMessageId")
    assert sent == {"from": "Example"}
    return f"+{number}", text


def answer(error: int | None = None) -> Answer:
    """Return the answer about one recipient."""
    message = {
        "apiMessageId": None if error else "fd5273e5dedf40928e9ba1c2aef2eaa5",
        "accepted": error is None,
        "to": "8613812345678",
        "errorCode": error,
    }
    return Answer(202, {"messages": [message], "error": None})


def report(word: str, reference: str, at: float) -> ReceiptRequest:
    told: dict[str, Any] = {
        "messageId": "their-id",
        "clientMessageId": reference,
        "statusCode": int(word) if word.isdigit() else word,
        "status": "…",
        "statusDescription": "…",
        "timestamp": int(at * 1000),
    }
    return report_by_json(told)


CASE = Case(
    preset="clickatell",
    keys={"api_key": "s3cret", "from": "Example"},
    arrived=arrived,
    accepted=[answer()],
    reference="fd5273e5dedf40928e9ba1c2aef2eaa5",
    refusals={
        "later": [Answer(500, "")],
        "rate": [Answer(429, "")],
        "account": [Answer(401, ""), answer(301)],
        "another": [answer(114), Answer(400, "")],
        "final": [answer(105), answer(121)],
    },
    report=report,
    reports_ours=True,
    words={
        "4": "delivered",
        **dict.fromkeys(("1", "5", "6", "7", "9", "10", "12", "13", "14"), "undelivered"),
        **dict.fromkeys(("2", "3", "8", "11"), None),
    },
    forged=[without_token],
)

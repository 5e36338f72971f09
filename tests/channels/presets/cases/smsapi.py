"""SMSAPI (smsapi.com/docs)."""

from typing import Any

from channels.receipts import ReceiptRequest
from tests.channels.presets.case import CALLBACK, Case, form, report_by_get, without_token
from tests.servers.http import Answer, Call


def arrived(call: Call) -> tuple[str, str]:
    assert (call.method, call.target) == ("POST", "/sms.do")
    assert call.headers["authorization"] == "Bearer s3cret"
    fields = form(call)
    to, text = fields.pop("to"), fields.pop("message")
    assert fields.pop("idx")
    assert fields == {"from": "Example", "encoding": "utf-8", "format": "json", "notify_url": CALLBACK}
    return f"+{to}", text


def answer(status: str, error: int | None = None) -> Answer:
    """Return the answer about one message."""
    one: dict[str, Any] = {"id": "1460969715572091219", "points": 0.16, "status": status, "error": error}
    return Answer(200, {"count": 1, "list": [one]})


def error(code: int) -> Answer:
    return Answer(200, {"error": code, "message": "…"})


def report(word: str, reference: str, at: float) -> ReceiptRequest:
    return report_by_get(
        MsgId="their-id",
        status="404",
        status_name=word,
        idx=reference,
        donedate=str(int(at)),
        username="shop",
    )


CASE = Case(
    preset="smsapi",
    keys={"token": "s3cret", "from": "Example"},
    arrived=arrived,
    accepted=[answer("QUEUE"), answer("SENT")],
    reference="1460969715572091219",
    refusals={
        "later": [error(201), Answer(500, "")],
        "rate": [Answer(429, "")],
        "account": [error(101), error(103), Answer(401, "")],
        "another": [error(14), error(11)],
        "final": [error(13), answer("ERROR", 13)],
    },
    report=report,
    reports_ours=True,
    words={
        "DELIVERED": "delivered",
        **dict.fromkeys(("UNDELIVERED", "FAILED", "REJECTED", "EXPIRED", "STOP"), "undelivered"),
        **dict.fromkeys(("SENT", "QUEUE", "ACCEPTED", "RENEWAL", "UNKNOWN"), None),
    },
    forged=[without_token],
    answer=(200, "OK"),
)

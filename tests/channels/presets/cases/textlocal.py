"""Textlocal (api.txtlocal.com/docs)."""

from channels.receipts import ReceiptRequest
from tests.channels.presets.case import CALLBACK, Case, form, report_by_form, without_token
from tests.servers.http import Answer, Call


def arrived(call: Call) -> tuple[str, str]:
    assert (call.method, call.target) == ("POST", "/send/")
    fields = form(call)
    assert (fields["apikey"], fields["sender"], fields["receipt_url"]) == ("s3cret", "Example", CALLBACK)
    assert fields["custom"]
    assert fields["unicode"] == ("true" if "您" in fields["message"] else "false")
    return f"+{fields['numbers']}", fields["message"]


def error(code: int) -> Answer:
    return Answer(200, {"errors": [{"code": code, "message": "…"}], "status": "failure"})


def report(word: str, reference: str, at: float) -> ReceiptRequest:
    return report_by_form(
        number="447123456789", status=word, customID=reference, datetime="2026-11-30 10:00:00"
    )


CASE = Case(
    preset="textlocal",
    keys={"api_key": "s3cret", "from": "Example"},
    arrived=arrived,
    accepted=[
        Answer(
            200,
            {
                "batch_id": 3,
                "messages": [{"id": "1151346216", "recipient": 447123456789}],
                "status": "success",
            },
        )
    ],
    reference="1151346216",
    refusals={
        "later": [Answer(503, "")],
        "rate": [Answer(429, "")],
        "account": [error(3), error(7)],
        "another": [error(43), error(6)],
        "final": [error(32), error(51)],
    },
    report=report,
    reports_ours=True,
    words={"D": "delivered", "U": "undelivered", "I": "undelivered", "E": "undelivered", "?": None},
    forged=[without_token],
)

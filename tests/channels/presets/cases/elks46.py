"""46elks (46elks.com/docs/send-sms, /docs/sms-delivery-reports)."""

from base64 import b64encode

from channels.receipts import ReceiptRequest
from tests.channels.presets.case import CALLBACK, Case, form, report_by_form, without_token
from tests.servers.http import Answer, Call


def arrived(call: Call) -> tuple[str, str]:
    assert (call.method, call.target) == ("POST", "/a1/sms")
    assert call.headers["authorization"] == "Basic " + b64encode(b"u1234:s3cret").decode()
    fields = form(call)
    assert fields["from"] == "Example"
    assert fields["whendelivered"] == CALLBACK
    assert fields["dontlog"] == "message"
    return fields["to"], fields["message"]


def report(word: str, reference: str, at: float) -> ReceiptRequest:
    return report_by_form(id=reference, status=word, delivered="2026-11-30T10:00:00.000000")


CASE = Case(
    preset="46elks",
    keys={"username": "u1234", "password": "s3cret", "from": "Example"},
    arrived=arrived,
    accepted=[Answer(200, {"id": "s70df59406a1b4643b96f3f91e0bfb7b0", "status": "created", "parts": 1})],
    reference="s70df59406a1b4643b96f3f91e0bfb7b0",
    refusals={
        "later": [Answer(500, "Server error")],
        "rate": [Answer(429, "Too many requests")],
        "account": [
            Answer(401, "API access requires Basic HTTP authentication"),
            Answer(403, "Not enough credits"),
        ],
        "final": [Answer(400, "Invalid to number")],
    },
    report=report,
    words={"delivered": "delivered", "failed": "undelivered", "sent": None, "created": None},
    forged=[without_token],
)

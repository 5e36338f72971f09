"""BulkSMS (bulksms.com/developer/json/v1)."""

import json
from base64 import b64encode

from channels.receipts import ReceiptRequest
from tests.channels.presets.case import Case, report_by_json, without_token
from tests.servers.http import Answer, Call


def arrived(call: Call) -> tuple[str, str]:
    assert (call.method, call.target) == ("POST", "/v1/messages")
    assert call.headers["authorization"] == "Basic " + b64encode(b"token1:s3cret").decode()
    (message,) = call.json
    to, text = message.pop("to"), message.pop("body")
    assert message.pop("userSuppliedId")
    assert message.pop("encoding") == ("UNICODE" if "您" in text else "TEXT")
    assert message == {"from": "Example", "deliveryReports": "ALL"}
    return to, text


def error(http: int, kind: str) -> Answer:
    return Answer(
        http, {"type": f"https://developer.bulksms.com/json/v1/errors#{kind}", "title": "…", "status": http}
    )


def report(word: str, reference: str, at: float) -> ReceiptRequest:
    status = {"id": f"{word}.null", "type": word, "subtype": None}
    return report_by_json([{"id": "their-id", "type": "SENT", "userSuppliedId": reference, "status": status}])


CASE = Case(
    preset="bulksms",
    keys={"token_id": "token1", "token_secret": "s3cret", "from": "Example"},
    arrived=arrived,
    accepted=[
        Answer(201, json.dumps([{"id": "7447", "type": "SENT", "status": {"type": "ACCEPTED"}}])),
    ],
    reference="7447",
    refusals={
        "later": [Answer(500, ""), Answer(503, "")],
        "rate": [Answer(429, ""), error(429, "rate-limit-exceeded")],
        "account": [error(403, "insufficient-credits"), Answer(401, "")],
        "another": [error(400, "bad-request")],
        "final": [error(400, "invalid-recipient")],
    },
    report=report,
    reports_ours=True,
    words={
        "DELIVERED": "delivered",
        "FAILED": "undelivered",
        **dict.fromkeys(("ACCEPTED", "SCHEDULED", "SENT", "UNKNOWN"), None),
    },
    forged=[without_token],
)

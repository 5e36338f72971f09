"""Plivo (plivo.com/docs/messaging/api/message; signatures as its SDK for Python 4.63 makes them)."""

import hashlib
import hmac
from base64 import b64encode

from channels.receipts import ReceiptRequest
from tests.channels.presets.case import CALLBACK, Case, report_by_form, without_headers, without_token
from tests.servers.http import Answer, Call

NONCE = "05429567804466091622"


def arrived(call: Call) -> tuple[str, str]:
    assert (call.method, call.target) == ("POST", "/v1/Account/MA12/Message/")
    assert call.headers["authorization"] == "Basic " + b64encode(b"MA12:s3cret").decode()
    sent = dict(call.json)
    to, text = sent.pop("dst"), sent.pop("text")
    assert sent == {"src": "Example", "log": False, "url": CALLBACK, "method": "POST"}
    return to, text


def signed(url: str, fields: dict[str, str]) -> str:
    """Return the signature of a POST: address and query, a dot, names and values in order, a dot, the nonce."""
    told = url + "." + "".join(name + fields[name] for name in sorted(fields)) + "." + NONCE
    return b64encode(hmac.digest(b"s3cret", told.encode(), hashlib.sha256)).decode()


def report(word: str, reference: str, at: float) -> ReceiptRequest:
    fields = {
        "MessageUUID": reference,
        "ParentMessageUUID": reference,
        "Status": word,
        "ErrorCode": "000",
        "To": "8613812345678",
        "From": "Example",
        "Units": "1",
        "TotalRate": "0.0065",
    }
    headers = {
        "x-plivo-signature-v3": f"bm90aGluZw==,{signed(CALLBACK, fields)}",
        "x-plivo-signature-v3-nonce": NONCE,
    }
    return report_by_form(headers=headers, **fields)


def error(http: int, text: str) -> Answer:
    return Answer(http, {"api_id": "a1", "error": text})


CASE = Case(
    preset="plivo",
    keys={"auth_id": "MA12", "auth_token": "s3cret", "from": "Example"},
    arrived=arrived,
    accepted=[
        Answer(
            202,
            {
                "api_id": "a1",
                "message": "message(s) queued",
                "message_uuid": ["db3ce55a-7f1d-11e1-8ea7-1231380bc196"],
            },
        )
    ],
    reference="db3ce55a-7f1d-11e1-8ea7-1231380bc196",
    refusals={
        "later": [Answer(500, "")],
        "rate": [Answer(429, ""), error(400, "rate limit exceeded")],
        "account": [
            Answer(401, "Could not verify your access level for that URL."),
            error(400, "insufficient credit"),
        ],
        "another": [error(400, "src parameter is not valid")],
        "final": [error(400, "Invalid destination number"), error(400, "dst is not valid")],
    },
    report=report,
    words={
        "delivered": "delivered",
        "read": "delivered",
        "undelivered": "undelivered",
        "failed": "undelivered",
        "rejected": "undelivered",
        "queued": None,
        "sent": None,
    },
    forged=[without_token, without_headers],
)

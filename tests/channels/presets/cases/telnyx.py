"""Telnyx (developers.telnyx.com/docs/messaging)."""

import json
from base64 import b64encode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from channels.receipts import ReceiptRequest
from tests.channels.presets.case import CALLBACK, Case, other_body, without_headers, without_token
from tests.servers.http import Answer, Call

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def arrived(call: Call) -> tuple[str, str]:
    assert (call.method, call.target) == ("POST", "/v2/messages")
    assert call.headers["authorization"] == "Bearer s3cret"
    sent = dict(call.json)
    to, text = sent.pop("to"), sent.pop("text")
    assert sent == {"from": "Example", "messaging_profile_id": "profile1", "webhook_url": CALLBACK}
    return to, text


def error(http: int, code: str) -> Answer:
    return Answer(http, {"errors": [{"code": code, "title": "…", "detail": "…"}]})


def report(word: str, reference: str, at: float) -> ReceiptRequest:
    to = [{"phone_number": "+8613812345678", "status": word}]
    payload = {"id": reference, "to": to, "errors": [], "record_type": "message"}
    body = json.dumps({"data": {"event_type": "message.finalized", "payload": payload}}).encode()
    signature = b64encode(KEY.sign(f"{int(at)}|".encode() + body)).decode()
    headers = {
        "content-type": "application/json",
        "telnyx-timestamp": str(int(at)),
        "telnyx-signature-ed25519": signature,
    }
    return ReceiptRequest("POST", CALLBACK, headers, body)


CASE = Case(
    preset="telnyx",
    keys={
        "api_key": "s3cret",
        "public_key": b64encode(KEY.public_key().public_bytes_raw()).decode(),
        "from": "Example",
        "messaging_profile_id": "profile1",
    },
    arrived=arrived,
    accepted=[
        Answer(200, {"data": {"id": "40385f64-5717-4562-b3fc-2c963f66afa6", "to": [{"status": "queued"}]}})
    ],
    reference="40385f64-5717-4562-b3fc-2c963f66afa6",
    refusals={
        "later": [Answer(500, "")],
        "rate": [error(429, "10011"), Answer(429, "")],
        "account": [error(401, "10009"), error(403, "20100")],
        "another": [error(422, "40305"), error(400, "10015")],
        "final": [error(400, "10016"), error(422, "40310"), error(400, "40300")],
    },
    report=report,
    words={
        "delivered": "delivered",
        **dict.fromkeys(("delivery_failed", "sending_failed", "expired"), "undelivered"),
        **dict.fromkeys(("queued", "sending", "sent", "delivery_unconfirmed"), None),
    },
    forged=[without_token, without_headers, other_body],
    signed_time=True,
)

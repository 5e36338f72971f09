"""SMS Gateway for Android (docs.sms-gate.app)."""

import hashlib
import hmac
import json
from base64 import b64encode

from channels.receipts import ReceiptRequest
from tests.channels.presets.case import CALLBACK, Case, other_body, without_headers, without_token
from tests.servers.http import Answer, Call


def arrived(call: Call) -> tuple[str, str]:
    assert (call.method, call.target) == ("POST", "/messages")
    assert call.headers["authorization"] == "Basic " + b64encode(b"shop:s3cret").decode()
    sent = dict(call.json)
    (to,) = sent.pop("phoneNumbers")
    text = sent.pop("textMessage")["text"]
    assert sent.pop("id")
    assert sent == {"withDeliveryReport": True, "ttl": 300}
    return to, text


def report(word: str, reference: str, at: float) -> ReceiptRequest:
    payload = {"messageId": reference, "phoneNumber": "+8613812345678", "reason": "…"}
    event = {"deviceId": "d1", "event": word, "id": "e1", "payload": payload, "webhookId": "w1"}
    body, time = json.dumps(event).encode(), str(int(at))
    signature = hmac.digest(b"s3cret-k", body + time.encode(), hashlib.sha256).hex()
    headers = {"content-type": "application/json", "x-signature": signature, "x-timestamp": time}
    return ReceiptRequest("POST", CALLBACK, headers, body)


CASE = Case(
    preset="sms-gate",
    keys={"username": "shop", "password": "s3cret", "signing_key": "s3cret-k"},
    arrived=arrived,
    accepted=[Answer(202, {"id": "PyDmBQZZXYmyxMwED8Fzy", "state": "Pending", "recipients": []})],
    reference="PyDmBQZZXYmyxMwED8Fzy",
    refusals={
        "later": [Answer(500, "")],
        "rate": [Answer(429, "")],
        "account": [Answer(401, "")],
        "another": [Answer(400, {"message": "failed to parse the request"})],
        "final": [Answer(400, {"message": "invalid phone number"})],
    },
    report=report,
    words={"sms:delivered": "delivered", "sms:failed": "undelivered", "sms:sent": None},
    forged=[without_token, without_headers, other_body],
    signed_time=True,
)

"""Infobip (infobip.com/docs/api/channels/sms)."""

from typing import Any

from channels.receipts import ReceiptRequest
from tests.channels.presets.case import CALLBACK, Case, report_by_json, without_token
from tests.servers.http import Answer, Call


def arrived(call: Call) -> tuple[str, str]:
    assert (call.method, call.target) == ("POST", "/sms/3/messages")
    assert call.headers["authorization"] == "App s3cret"
    (message,) = call.json["messages"]
    assert message["sender"] == "Example"
    assert message["webhooks"] == {"delivery": {"url": CALLBACK}, "contentType": "application/json"}
    (destination,) = message["destinations"]
    return "+" + destination["to"], message["content"]["text"]


def status(group: str, name: str) -> Answer:
    """Return the answer about one message."""
    told = {"groupName": group, "name": name, "description": "…"}
    return Answer(
        200, {"bulkId": "b1", "messages": [{"messageId": "m-1", "status": told, "destination": "41"}]}
    )


def error(http: int, code: str) -> Answer:
    return Answer(http, {"errorCode": code, "description": "…", "violations": []})


def report(word: str, reference: str, at: float) -> ReceiptRequest:
    one: dict[str, Any] = {
        "messageId": reference,
        "to": "41793026727",
        "status": {"groupName": word, "name": f"{word}_X"},
        "error": {"name": "EC_ABSENT_SUBSCRIBER", "permanent": False},
    }
    return report_by_json({"results": [one]})


CASE = Case(
    preset="infobip",
    keys={"base_url": "xyz123.api.infobip.com", "api_key": "s3cret", "from": "Example"},
    arrived=arrived,
    accepted=[status("PENDING", "PENDING_ACCEPTED"), status("PENDING", "MESSAGE_ACCEPTED")],
    reference="m-1",
    refusals={
        "later": [error(500, "E500"), Answer(503, "")],
        "rate": [error(429, "E429")],
        "account": [error(401, "E401"), status("REJECTED", "REJECTED_NOT_ENOUGH_CREDITS")],
        "another": [error(400, "E400"), status("REJECTED", "REJECTED_NETWORK")],
        "final": [status("REJECTED", "REJECTED_DESTINATION")],
    },
    report=report,
    words={
        "DELIVERED": "delivered",
        "UNDELIVERABLE": "undelivered",
        "EXPIRED": "undelivered",
        "REJECTED": "undelivered",
        "PENDING": None,
    },
    forged=[without_token],
)

"""Africa's Talking (developers.africastalking.com/docs/sms)."""

from channels.receipts import ReceiptRequest
from tests.channels.presets.case import Case, form, report_by_form, without_token
from tests.servers.http import Answer, Call


def arrived(call: Call) -> tuple[str, str]:
    assert (call.method, call.target) == ("POST", "/version1/messaging")
    assert call.headers["apikey"] == "s3cret"
    fields = form(call)
    assert (fields["username"], fields["from"], fields["bulkSMSMode"]) == ("shop", "Example", "1")
    return fields["to"], fields["message"]


def answer(code: int, http: int = 201) -> Answer:
    """Return the answer about one recipient."""
    recipient = {
        "statusCode": code,
        "number": "+254711000000",
        "status": "…",
        "cost": "KES 0.8000",
        "messageId": "ATPid_1",
    }
    return Answer(http, {"SMSMessageData": {"Message": "Sent to 1/1", "Recipients": [recipient]}})


def nobody(message: str) -> Answer:
    return Answer(201, {"SMSMessageData": {"Message": message, "Recipients": []}})


def report(word: str, reference: str, at: float) -> ReceiptRequest:
    return report_by_form(id=reference, status=word, phoneNumber="+254711000000", networkCode="63902")


CASE = Case(
    preset="africastalking",
    keys={"username": "shop", "api_key": "s3cret", "from": "Example"},
    arrived=arrived,
    accepted=[answer(101), answer(100), answer(102)],
    reference="ATPid_1",
    refusals={
        "later": [answer(500), Answer(503, "")],
        "rate": [Answer(429, "")],
        "account": [
            answer(405),
            Answer(401, "The supplied authentication is invalid"),
            nobody("InsufficientBalance"),
        ],
        "another": [nobody("InvalidSenderId"), answer(402), answer(407)],
        "final": [answer(403), answer(406)],
    },
    report=report,
    words={
        "Success": "delivered",
        "Failed": "undelivered",
        "Rejected": "undelivered",
        "AbsentSubscriber": "undelivered",
        "Expired": "undelivered",
        "Sent": None,
        "Submitted": None,
        "Buffered": None,
    },
    forged=[without_token],
)

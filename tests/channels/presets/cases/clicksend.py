"""ClickSend (developers.clicksend.com/docs)."""

from base64 import b64encode

from channels.receipts import ReceiptRequest
from tests.channels.presets.case import Case, report_by_form, without_token
from tests.servers.http import Answer, Call


def arrived(call: Call) -> tuple[str, str]:
    assert (call.method, call.target) == ("POST", "/v3/sms/send")
    assert call.headers["authorization"] == "Basic " + b64encode(b"shop:s3cret").decode()
    (message,) = call.json["messages"]
    to, text = message.pop("to"), message.pop("body")
    assert message.pop("custom_string")
    assert message == {"source": "sendcode", "from": "Example"}
    return to, text


def answer(status: str) -> Answer:
    """Return the answer about one message."""
    message = {"message_id": "BF7AD270-0DE2-418B-B606-71D527D9C1AE", "status": status}
    return Answer(200, {"http_code": 200, "response_code": "SUCCESS", "data": {"messages": [message]}})


def error(http: int, code: str) -> Answer:
    return Answer(http, {"http_code": http, "response_code": code, "response_msg": "…", "data": None})


def report(word: str, reference: str, at: float) -> ReceiptRequest:
    return report_by_form(
        message_id="their-id",
        status_code=word,
        status_text="…",
        custom_string=reference,
        timestamp=str(int(at)),
    )


CASE = Case(
    preset="clicksend",
    keys={"username": "shop", "api_key": "s3cret", "from": "Example"},
    arrived=arrived,
    accepted=[answer("SUCCESS")],
    reference="BF7AD270-0DE2-418B-B606-71D527D9C1AE",
    refusals={
        "later": [Answer(500, "")],
        "rate": [answer("THROTTLED"), Answer(429, "")],
        "account": [error(401, "UNAUTHORIZED"), answer("INSUFFICIENT_CREDIT")],
        "another": [answer("INVALID_SENDER_ID"), answer("COUNTRY_NOT_ENABLED")],
        "final": [answer("INVALID_RECIPIENT")],
    },
    report=report,
    reports_ours=True,
    words={"201": "delivered", "301": "undelivered", "302": "undelivered", "200": None, "300": None},
    forged=[without_token],
)

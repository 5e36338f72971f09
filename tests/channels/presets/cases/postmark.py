"""Postmark (postmarkapp.com/developer/api/email-api, /developer/webhooks)."""

from base64 import b64encode

from channels.receipts import ReceiptRequest
from domain.mail_outcomes import MailOutcome
from tests.channels.presets.case import (
    ADDRESS,
    ANSWERS,
    SENDER,
    SUBJECT,
    Case,
    check_headers,
    check_html,
    report_by_json,
    without_headers,
)
from tests.servers.http import Answer, Call

CHANGES = ("ManualSuppression", "SubscriptionChange")
RECORDS = ("Delivery", "Open", "Click", *CHANGES)


def arrived(call: Call) -> tuple[str, str]:
    assert (call.method, call.target) == ("POST", "/email")
    assert call.headers["x-postmark-server-token"] == "s3cret"
    assert call.headers["content-type"] == "application/json"
    mail = call.json
    assert (mail["From"], mail["Subject"]) == ("Example <no-reply@example.com>", SUBJECT)
    assert (mail["MessageStream"], mail["TrackOpens"], mail["TrackLinks"]) == ("outbound", False, "None")
    assert mail["Metadata"] == {"reference": "msg-0123456789abcdef"}
    assert mail["ReplyTo"] == ANSWERS
    check_headers({header["Name"]: header["Value"] for header in mail["Headers"]})
    check_html(mail["HtmlBody"], mail["TextBody"])
    return mail["To"], mail["TextBody"]


def error(code: int, message: str) -> Answer:
    return Answer(422, {"ErrorCode": code, "Message": message})


def report(word: str, reference: str, at: float) -> ReceiptRequest:
    told = {"RecordType": "SubscriptionChange" if word in CHANGES else word if word in RECORDS else "Bounce"}
    if told["RecordType"] == "Bounce":
        told["Type"] = word
    if word == "ManualSuppression":
        told["SuppressionReason"] = word
    event = {"MessageID": "883953f4", "Metadata": {"reference": reference}, "Email": "ann@example.org"}
    headers = {"authorization": "Basic " + b64encode(b"hook:s3cret-too").decode()}
    return report_by_json({**event, **told}, ADDRESS, headers)


CASE = Case(
    preset="postmark",
    keys={"server_token": "s3cret", "webhook_username": "hook", "webhook_password": "s3cret-too"},
    arrived=arrived,
    accepted=[Answer(200, {"To": "ann@example.org", "MessageID": "m-1", "ErrorCode": 0, "Message": "OK"})],
    reference="m-1",
    refusals={
        "later": [error(100, "Maintenance"), Answer(500, "")],
        "rate": [Answer(429, {"ErrorCode": 429, "Message": "Rate limit exceeded"})],
        "account": [
            Answer(401, {"ErrorCode": 10, "Message": "No Account or Server API tokens were supplied"}),
            error(400, "Sender signature not found"),
            error(405, "Not allowed to send"),
        ],
        "another": [
            error(406, "Inactive recipient"),
            error(300, "Invalid email request"),
            error(300, "Invalid 'From' address: 'no-reply'."),
        ],
        "final": [
            error(300, "Invalid 'To' address: 'ann@example'."),
            error(300, "Error parsing 'To': Illegal email domain 'ex_ample' in address 'ann@ex_ample'."),
        ],
    },
    report=report,
    words={
        "Delivery": "delivered",
        "HardBounce": "undelivered",
        "BadEmailAddress": "undelivered",
        "SoftBounce": "undelivered",
        "Blocked": "undelivered",
        "SpamComplaint": None,
        "ManualSuppression": None,
        "Transient": None,
        "SubscriptionChange": None,
        "Open": None,
    },
    outcomes={
        "HardBounce": MailOutcome.HARD_BOUNCE,
        "BadEmailAddress": MailOutcome.HARD_BOUNCE,
        "SpamComplaint": MailOutcome.COMPLAINT,
        "ManualSuppression": MailOutcome.UNSUBSCRIBE,
    },
    reports_ours=True,
    forged=[without_headers],
    to="ann@example.org",
    more={**SENDER, "receipt_token": ""},
)

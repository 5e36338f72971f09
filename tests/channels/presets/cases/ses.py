"""Amazon SES (docs.aws.amazon.com/ses: API v2, event contents), reporting by Amazon SNS.

The signature is computed here step by step as "Create a signed AWS API request" of the IAM User Guide says.
"""

import email.policy
import hashlib
import hmac
import json
import re
from base64 import b64decode
from typing import Any

from channels.receipts import ReceiptRequest
from domain.mail_outcomes import MailOutcome
from tests.channels.presets.case import (
    ANSWERS,
    SENDER,
    SUBJECT,
    Case,
    check_headers,
    check_html,
    report_by_json,
    without_token,
)
from tests.servers.http import Answer, Call

SECRET = "s3cretSECRETs3cret"
BOUNCES = ("Permanent", "Transient", "Undetermined")
COMPLAINTS = ("abuse", "not-spam")
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/(?P<day>\d{8})/eu-central-1/ses/aws4_request, "
    r"SignedHeaders=content-type;host;x-amz-date, Signature=(?P<signature>[0-9a-f]{64})"
)


def arrived(call: Call) -> tuple[str, str]:
    assert (call.method, call.target) == ("POST", "/v2/email/outbound-emails")
    assert call.headers["content-type"] == "application/json"
    check_signature(call)
    asked = call.json
    assert asked["ConfigurationSetName"] == "events"
    assert asked["EmailTags"] == [{"Name": "reference", "Value": "msg-0123456789abcdef"}]
    data = b64decode(asked["Content"]["Raw"]["Data"], validate=True)
    mail = email.message_from_bytes(data, policy=email.policy.default)
    assert (mail["From"], mail["Subject"]) == ("Example <no-reply@example.com>", SUBJECT)
    assert mail["Reply-To"] == ANSWERS
    check_headers({name: str(value) for name, value in mail.items()})
    parts = [part.get_content() for part in mail.iter_parts()]  # type: ignore[attr-defined]
    text, html = (part.replace("\r\n", "\n") for part in parts)
    check_html(html.strip(), text)
    (to,) = asked["Destination"]["ToAddresses"]
    assert mail["To"] == to
    return to, text


def check_signature(call: Call) -> None:
    found = AUTHORIZATION.fullmatch(call.headers["authorization"])
    assert found
    stamp = call.headers["x-amz-date"]
    assert stamp.startswith(found["day"])
    request = (
        f"POST\n/v2/email/outbound-emails\n\ncontent-type:application/json\nhost:{call.headers['host']}\n"
        f"x-amz-date:{stamp}\n\ncontent-type;host;x-amz-date\n{hashlib.sha256(call.body).hexdigest()}"
    )
    scope = f"{found['day']}/eu-central-1/ses/aws4_request"
    to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{SECRET}".encode()
    for step in [*scope.split("/"), to_sign]:
        key = hmac.digest(key, step.encode(), "sha256")
    assert found["signature"] == key.hex()


def error(status: int, kind: str, message: str = "…") -> Answer:
    return Answer(status, {"message": message}, headers={"x-amzn-ErrorType": kind})


def event(word: str, reference: str) -> dict[str, Any]:
    """Return an event of a configuration set."""
    mail = {"messageId": reference, "destination": ["ann@example.org"], "tags": {"ses:operation": ["Send"]}}
    if word in BOUNCES:
        bounced = [{"emailAddress": "ann@example.org", "status": "5.1.1"}]
        bounce = {"bounceType": word, "bounceSubType": "General", "bouncedRecipients": bounced}
        return {"eventType": "Bounce", "mail": mail, "bounce": bounce}
    if word in COMPLAINTS:
        return {"eventType": "Complaint", "mail": mail, "complaint": {"complaintFeedbackType": word}}
    return {"eventType": word, "mail": mail, "complaint" if word == "Complaint" else "more": {}}


def report(word: str, reference: str, at: float) -> ReceiptRequest:
    topic = "arn:aws:sns:eu-central-1:123456789012:ses"
    message = json.dumps(event(word, reference))
    return report_by_json({"Type": "Notification", "TopicArn": topic, "Message": message})


CASE = Case(
    preset="ses",
    keys={
        "access_key_id": "AKIDEXAMPLE",
        "secret_access_key": SECRET,
        "region": "eu-central-1",
        "configuration_set": "events",
    },
    arrived=arrived,
    accepted=[Answer(200, {"MessageId": "0107018c-000000"})],
    reference="0107018c-000000",
    refusals={
        "later": [Answer(500, ""), error(503, "ServiceUnavailable")],
        "rate": [error(429, "TooManyRequestsException"), error(400, "ThrottlingException")],
        "account": [
            error(403, "UnrecognizedClientException"),
            error(400, "SendingPausedException:"),
            error(400, "MailFromDomainNotVerifiedException"),
        ],
        "another": [
            error(400, "MessageRejected"),
            error(400, "BadRequestException"),
            error(400, "BadRequestException", "Invalid From address provided."),
        ],
        "final": [
            error(400, "BadRequestException", "Local address contains control or whitespace"),
            error(400, "BadRequestException", "Domain contains illegal character"),
        ],
    },
    report=report,
    words={
        "Delivery": "delivered",
        "Permanent": "undelivered",
        "Transient": "undelivered",
        "Undetermined": "undelivered",
        "Reject": "undelivered",
        "Rendering Failure": "undelivered",
        "Complaint": None,
        "abuse": None,
        "not-spam": None,
        "Send": None,
        "DeliveryDelay": None,
    },
    outcomes={
        "Permanent": MailOutcome.HARD_BOUNCE,
        "Complaint": MailOutcome.COMPLAINT,
        "abuse": MailOutcome.COMPLAINT,
    },
    forged=[without_token],
    to="ann@example.org",
    more=SENDER,
)

"""Gateway type `sns`: Publish of Amazon SNS to a phone number (docs.aws.amazon.com/sns/latest/api/API_Publish.html).

There are no receipts: Amazon writes the delivery status of text messages to CloudWatch Logs and calls no webhook.
Publish to a number takes no idempotency key: a message repeated after an unknown result may arrive twice.
"""

import re
from urllib.parse import urlencode

from channels.answers.references import reference
from channels.answers.xml_texts import texts
from channels.gateway import SEND_SECONDS, Outgoing
from channels.http.posting import Errors, refusal
from channels.options import Options
from channels.provider import Clock, Provider, unreadable, utc_now
from channels.signatures.sigv4 import Signer
from domain.gateway_errors import (
    GatewayAtFault,
    GatewayError,
    RateLimited,
    TemporaryGatewayError,
    WrongGateway,
)

ERRORS: Errors = {
    "InternalError": TemporaryGatewayError,
    "InternalFailure": TemporaryGatewayError,
    "RequestLimitExceeded": RateLimited,
    "ServiceUnavailable": TemporaryGatewayError,
    "Throttled": RateLimited,
    "Throttling": RateLimited,
    "ThrottlingException": RateLimited,
    "TooManyRequestsException": RateLimited,
    "InvalidParameter": GatewayError,  # the number or the text: the sender is checked at the start
    "InvalidParameterValue": GatewayError,
    "OptedOut": GatewayError,  # the recipient wants no messages
    "ValidationError": GatewayError,
    "AccessDenied": GatewayAtFault,
    "AuthorizationError": GatewayAtFault,  # the key may not publish
    "EndpointDisabled": WrongGateway,
    "ExpiredToken": GatewayAtFault,
    "InvalidClientTokenId": GatewayAtFault,  # no such key
    "InvalidSecurity": GatewayAtFault,
    "NotFound": WrongGateway,
    "OptInRequired": GatewayAtFault,  # the account or region is not enabled
    "RequestExpired": GatewayAtFault,  # our clock is wrong
    "SignatureDoesNotMatch": GatewayAtFault,
}
"""Codes of Publish and of Amazon's common errors. Any other refusal is judged by its HTTP status, see `refusal`."""

FORM = "application/x-www-form-urlencoded; charset=utf-8"
KEY_ID = re.compile(r"[A-Za-z0-9_]+")
REGION = re.compile(r"[a-z0-9-]+")
SENDER = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9-]{1,11}")


class SnsGateway(Provider):
    """See the module. Messages are sent as transactional, Amazon's class for codes, with its price and priority."""

    def __init__(self, options: Options, seconds: float = SEND_SECONDS, clock: Clock = utc_now):
        """Read `region`, `access_key_id`, `secret_access_key` and `sender_id`. Raises ConfigurationError."""
        region = options.text("region")
        if not REGION.fullmatch(region):
            raise options.error("region", "must be a name like eu-central-1")
        super().__init__(options, f"https://sns.{region}.amazonaws.com", "/", seconds)
        key_id = options.text("access_key_id")
        if not KEY_ID.fullmatch(key_id):
            raise options.error("access_key_id", "must hold letters and digits only")
        self._signer = Signer(key_id, options.text("secret_access_key"), region, "sns")
        self._clock = clock
        self._attributes = {"AWS.SNS.SMS.SMSType": "Transactional"}
        if options.has("sender_id"):
            sender = options.text("sender_id")
            if not SENDER.fullmatch(sender):
                raise options.error("sender_id", "must be 1 to 11 of A-Z a-z 0-9 - with a letter among them")
            self._attributes["AWS.SNS.SMS.SenderID"] = sender

    def send(self, outgoing: Outgoing) -> str | None:
        """Publish one message; return its MessageId."""
        body = self._body(outgoing)
        poster = self._poster
        headers = self._signer.headers(poster.host, poster.target, FORM, body, self._clock())
        answer = poster.post(body, headers, valid_until=outgoing.valid_until)
        told = texts(answer.body or b"")
        if not answer.accepted:
            raise refusal("SNS", told.get("Code"), ERRORS, answer)
        message_id = reference(told.get("MessageId"))
        if message_id is None:
            raise unreadable("SNS")
        return message_id

    def _body(self, outgoing: Outgoing) -> bytes:
        fields = {
            "Action": "Publish",
            "Version": "2010-03-31",
            "PhoneNumber": outgoing.to,
            "Message": outgoing.text,
        }
        for number, (name, value) in enumerate(self._attributes.items(), 1):
            entry = f"MessageAttributes.entry.{number}"
            fields[f"{entry}.Name"] = name
            fields[f"{entry}.Value.DataType"] = "String"
            fields[f"{entry}.Value.StringValue"] = value
        return urlencode(fields, errors="replace").encode()

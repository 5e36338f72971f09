"""Broadcasts on the wire."""

from typing import Any

from marshmallow import fields, validate

from api.schemas.fields import Answer, Body, Params, Time, Word
from api.schemas.messages import TO, Content
from domain.statuses import BroadcastStatus, Channel, MessageStatus
from services.messaging.recipients import LONGEST_TO, MOST


class Recipient(Body):
    """A recipient of a broadcast."""

    to = fields.String(required=True, validate=validate.Length(1, LONGEST_TO), metadata={"description": TO})
    params = Params(metadata={"description": "Texts and numbers for the placeholders."})


class Recipients(fields.List):
    """The list as sent: the service rejects invalid recipients one by one, and all others get the message."""

    default_error_messages = {  # noqa: RUF012
        "required": "is required",
        "null": "must be a list",
        "invalid": "must be a list",
        "length": f"must have 1 to {MOST} recipients",
    }

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> list[Any]:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        if not 1 <= len(value) <= MOST:
            raise self.make_error("length")
        return value


class NewBroadcast(Content):
    """One text to many recipients."""

    recipients = Recipients(
        fields.Nested(Recipient), required=True, metadata={"minItems": 1, "maxItems": MOST}
    )


class Rejected(Answer):
    """A recipient who does not get the broadcast."""

    index = fields.Integer(required=True, metadata={"description": "The index in `recipients`, from 0."})
    code = fields.String(required=True)
    detail = fields.String(required=True)


class Accepted(Answer):
    """How many recipients get the broadcast, and which are rejected."""

    id = fields.String(required=True)
    accepted = fields.Integer(required=True)
    rejected = fields.List(fields.Nested(Rejected), required=True)


class Broadcast(Answer):
    """A broadcast, with the counts of its messages by status."""

    id = fields.String(required=True)
    channel = Word(Channel, required=True)
    template = fields.String(required=True, allow_none=True)
    status = Word(BroadcastStatus, required=True)
    accepted = fields.Integer(required=True)
    rejected = fields.Integer(required=True)
    counts = fields.Dict(keys=Word(MessageStatus), values=fields.Integer(), required=True)
    send_at = Time(required=True)
    created_at = Time(required=True)


_ID = "1b0c7d5e9f3a4c2d8e6f7a9b0c1d2e3f"

NEW_EXAMPLE: dict[str, Any] = {
    "channel": "email",
    "subject": "News for {{ name }}",
    "text": "Dear {{ name }},\nwe have news.\n\nNo more of these: {{ unsubscribe_url }}",
    "recipients": [{"to": "kim@example.com", "params": {"name": "Kim"}}, {"to": "nobody"}],
}
ACCEPTED_EXAMPLE: dict[str, Any] = {
    "id": _ID,
    "accepted": 1,
    "rejected": [{"index": 1, "code": "invalid_destination", "detail": "to: is not one e-mail address"}],
}
EXAMPLE: dict[str, Any] = {
    "id": _ID,
    "channel": "email",
    "template": None,
    "status": "sending",
    "accepted": 1,
    "rejected": 1,
    "counts": {status.value: int(status is MessageStatus.QUEUED) for status in MessageStatus},
    "send_at": "2026-03-01T09:30:00.000000Z",
    "created_at": "2026-03-01T09:30:00.000000Z",
}

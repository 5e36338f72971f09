"""Messages on the wire."""

from typing import Any

from marshmallow import fields

from api.schemas.fields import (
    Answer,
    Body,
    Choice,
    Lines,
    Moment,
    Params,
    Query,
    Text,
    Time,
    Typed,
    Whole,
    Word,
)
from domain.statuses import Channel, MessageStatus
from services.outbox.contents import MOST_BYTES

TO = "An e-mail address or a phone number; a number without + belongs to the home region."
MOST = 100


class Content(Body):
    """The content: a template, or the caller's own texts, in which `{{ name }}` is replaced."""

    channel = Choice(Channel, required=True)
    template = Text(64, metadata={"description": "The name of a template."})
    locale = Text(35, metadata={"description": "BCP 47; the nearest available language is used."})
    subject = Text(250, metadata={"description": "For e-mail, with `text`."})
    text = Lines(MOST_BYTES, metadata={"description": "Instead of a template."})
    html = Lines(MOST_BYTES, metadata={"description": "For e-mail, in addition to `text`."})
    send_at = Moment(metadata={"description": "At most 30 days ahead; default: now."})


class NewMessage(Content):
    """One notice to one destination."""

    to = Typed(400, required=True, metadata={"description": TO})
    params = Params(load_default=dict, metadata={"description": "Texts and numbers for the placeholders."})


class Message(Answer):
    """One message. Answers never include its content."""

    id = fields.String(required=True)
    channel = Word(Channel, required=True)
    to = fields.String(required=True)
    template = fields.String(required=True, allow_none=True)
    status = Word(MessageStatus, required=True)
    result = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "0 if sent or delivered, -1 if it never will be, null while that is open."},
    )
    gateway = fields.String(required=True, allow_none=True)
    gateway_reference = fields.String(required=True, allow_none=True)
    tries = fields.Integer(required=True)
    error = fields.String(required=True, allow_none=True)
    send_at = Time(
        required=True, allow_none=True, metadata={"description": "The time asked for; null: at once."}
    )
    created_at = Time(required=True)
    sent_at = Time(required=True, allow_none=True)
    settled_at = Time(required=True, allow_none=True)


class Chosen(Query):
    """Which messages to list, and the cursor of the page."""

    status = Choice(MessageStatus, load_default=None)
    channel = Choice(Channel, load_default=None)
    to = Typed(400, load_default=None, metadata={"description": TO})
    limit = Whole(1, MOST, load_default=50)
    cursor = Text(100, load_default=None, metadata={"description": "`next_cursor` of the previous page."})


class Messages(Answer):
    """One page, newest first."""

    messages = fields.List(fields.Nested(Message), required=True)
    next_cursor = fields.String(
        required=True, allow_none=True, metadata={"description": "null on the last page."}
    )


NEW_EXAMPLE: dict[str, Any] = {
    "channel": "email",
    "to": "kim@example.com",
    "subject": "Your order {{ number }}",
    "text": "Your order {{ number }} has been shipped.",
    "params": {"number": 4711},
}
EXAMPLE: dict[str, Any] = {
    "id": "9d7e2b5a1c3f4e6d8b0a7c9e5f1d3b2a",
    "channel": "email",
    "to": "kim@example.com",
    "template": None,
    "status": "queued",
    "result": None,
    "gateway": None,
    "gateway_reference": None,
    "tries": 0,
    "error": None,
    "send_at": None,
    "created_at": "2026-03-01T09:30:00.000000Z",
    "sent_at": None,
    "settled_at": None,
}
PAGE_EXAMPLE: dict[str, Any] = {"messages": [EXAMPLE], "next_cursor": None}

"""Webhooks on the wire."""

from typing import Any

from marshmallow import fields

from api.schemas.fields import Answer, Body, Choice, Moment, Query, Text, Time, Whole, Word
from domain.events import EventType
from domain.statuses import DeliveryStatus
from domain.web_addresses import LONGEST_URL
from services.webhooks.endpoint_views import LONGEST_DESCRIPTION

MOST = 100
_URL = "Where events are posted to: https://, or http://. It must lead to a public address."
_EVENTS = "The types of events it gets; left out or empty: all that concern what the key does."


class Types(fields.List):
    """A list of types of events; the service checks the words."""

    default_error_messages = {"null": "must be a list", "invalid": "must be a list"}  # noqa: RUF012

    def __init__(self, **options: Any):
        words = {"enum": [str(kind) for kind in EventType]}
        super().__init__(fields.String(metadata=words, error_messages={"invalid": "must be text"}), **options)


class NewWebhook(Body):
    """An endpoint to make."""

    url = Text(LONGEST_URL, required=True, metadata={"description": _URL})
    events = Types(metadata={"description": _EVENTS})
    description = Text(LONGEST_DESCRIPTION)


class Changes(Body):
    """What to change; what is left out stays as it is."""

    url = Text(LONGEST_URL, metadata={"description": _URL})
    events = Types(metadata={"description": "An empty list: all."})
    description = Text(LONGEST_DESCRIPTION, shortest=0)
    enabled = fields.Boolean(
        truthy={True},
        falsy={False},
        error_messages={"invalid": "must be true or false"},
        metadata={
            "description": "Switches it off, or on again. What was given up meanwhile can be replayed."
        },
    )


class Webhook(Answer):
    """An endpoint. Answers never include its secret, except those that make one."""

    id = fields.String(required=True)
    url = fields.String(required=True)
    events = fields.List(
        fields.String(), required=True, allow_none=True, metadata={"description": "null: all."}
    )
    description = fields.String(required=True, allow_none=True)
    enabled = fields.Boolean(required=True)
    disabled_reason = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "`asked`: switched off by a caller or an operator; `gone`: it answered 410; `failing`: "
            "five days of nothing but failures."
        },
    )
    disabled_at = Time(required=True, allow_none=True)
    failing_since = Time(
        required=True, allow_none=True, metadata={"description": "The first failure since the last success."}
    )
    created_at = Time(required=True)


class MadeWebhook(Webhook):
    """An endpoint with the secret that was made for it."""

    secret = fields.String(
        required=True, metadata={"description": "Shown this once; it verifies `webhook-signature`."}
    )


class Webhooks(Answer):
    """The endpoints of a key, newest first."""

    webhooks = fields.List(fields.Nested(Webhook), required=True)


class Delivery(Answer):
    """One event for one endpoint, and how it answered last."""

    id = fields.String(required=True)
    event_id = fields.String(required=True, metadata={"description": "`webhook-id`, the same at every try."})
    type = fields.String(required=True)
    status = Word(DeliveryStatus, required=True)
    tries = fields.Integer(required=True)
    answer_status = fields.Integer(
        required=True, allow_none=True, metadata={"description": "The HTTP status of the last answer."}
    )
    answer = fields.String(
        required=True, allow_none=True, metadata={"description": "The first part of its body."}
    )
    error = fields.String(
        required=True, allow_none=True, metadata={"description": "Why there was no answer."}
    )
    took_ms = fields.Integer(required=True, allow_none=True)
    tried_at = Time(required=True, allow_none=True)
    next_try_at = Time(required=True, allow_none=True)
    created_at = Time(required=True)
    settled_at = Time(required=True, allow_none=True)


class Chosen(Query):
    """Which deliveries to list, and the cursor of the page."""

    status = Choice(DeliveryStatus, load_default=None)
    limit = Whole(1, MOST, load_default=50)
    cursor = Text(100, load_default=None, metadata={"description": "`next_cursor` of the previous page."})


class Deliveries(Answer):
    """One page, newest first."""

    deliveries = fields.List(fields.Nested(Delivery), required=True)
    next_cursor = fields.String(
        required=True, allow_none=True, metadata={"description": "null on the last page."}
    )


class Replay(Body):
    """What to post again: one delivery, or those of a time; everything that is kept if nothing is given."""

    delivery = Text(64, metadata={"description": "The id of one delivery."})
    since = Moment()
    until = Moment()
    failed_only = fields.Boolean(
        truthy={True},
        falsy={False},
        load_default=False,
        error_messages={"invalid": "must be true or false"},
        metadata={"description": "Only what was given up."},
    )


class Replayed(Answer):
    """How many deliveries are posted again."""

    replayed = fields.Integer(required=True)


_ID = "5b0c1d1c7f0f4b7f9a3c5d2e8b6a9c11"
NEW_EXAMPLE: dict[str, Any] = {
    "url": "https://example.com/hooks/sendcode",
    "events": ["verification.approved", "verification.undelivered"],
    "description": "the shop",
}
EXAMPLE: dict[str, Any] = {
    "id": _ID,
    **NEW_EXAMPLE,
    "enabled": True,
    "disabled_reason": None,
    "disabled_at": None,
    "failing_since": None,
    "created_at": "2026-03-01T09:30:00.000000Z",
}
MADE_EXAMPLE: dict[str, Any] = {**EXAMPLE, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
LIST_EXAMPLE: dict[str, Any] = {"webhooks": [EXAMPLE]}
DELIVERY_EXAMPLE: dict[str, Any] = {
    "id": "0a7e2b5a1c3f4e6d8b0a7c9e5f1d3b2b",
    "event_id": "c07e2b5a1c3f4e6d8b0a7c9e5f1d3b2c",
    "type": "verification.approved",
    "status": "waiting",
    "tries": 1,
    "answer_status": 503,
    "answer": "try again later",
    "error": None,
    "took_ms": 41,
    "tried_at": "2026-03-01T09:31:00.000000Z",
    "next_try_at": "2026-03-01T09:31:05.000000Z",
    "created_at": "2026-03-01T09:31:00.000000Z",
    "settled_at": None,
}
PAGE_EXAMPLE: dict[str, Any] = {"deliveries": [DELIVERY_EXAMPLE], "next_cursor": None}
REPLAY_EXAMPLE: dict[str, Any] = {"since": "2026-03-01T00:00:00Z", "failed_only": True}
REPLAYED_EXAMPLE: dict[str, Any] = {"replayed": 12}

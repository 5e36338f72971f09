"""Statistics on the wire."""

from typing import Any

from marshmallow import fields

from api.schemas.fields import Answer, Query, Time, Whole, Word
from domain.statuses import Channel, MessageStatus
from services.figures.statistics import MOST_DAYS


class Days(Query):
    """How many days to count."""

    days = Whole(
        1,
        MOST_DAYS,
        load_default=7,
        metadata={"description": "Today and the days before, in UTC. Purged messages still count."},
    )


class Codes(Answer):
    """Codes that were issued, and how many were approved."""

    issued = fields.Integer(required=True)
    approved = fields.Integer(required=True)
    conversion = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "approved / issued; null if none was issued."},
    )


class Tally(Answer):
    """Messages by their current status, and codes."""

    messages = fields.Dict(
        keys=Word(MessageStatus),
        values=fields.Integer(),
        required=True,
        metadata={"description": "Each message counts once; one that is `delivered` is no longer `sent`."},
    )
    verifications = fields.Nested(Codes, required=True)


class Group(Tally):
    """One day, channel and gateway."""

    day = fields.Date(required=True, metadata={"description": "The day of creation, in UTC."})
    channel = Word(Channel, required=True)
    gateway = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The last one asked, null if none. A code counts with its last message."},
    )


class Statistics(Answer):
    """Statistics of the messages and verifications that this key created."""

    since = Time(required=True)
    until = Time(required=True)
    total = fields.Nested(Tally, required=True)
    groups = fields.List(
        fields.Nested(Group),
        required=True,
        metadata={"description": "Oldest first; empty groups are left out."},
    )


_NONE = {status.value: 0 for status in MessageStatus}
_TALLY: dict[str, Any] = {
    "messages": {**_NONE, "delivered": 190, "undelivered": 6, "expired": 4},
    "verifications": {"issued": 200, "approved": 171, "conversion": 0.855},
}
EXAMPLE: dict[str, Any] = {
    "since": "2026-03-01T00:00:00.000000Z",
    "until": "2026-03-01T09:30:00.000000Z",
    "total": _TALLY,
    "groups": [{"day": "2026-03-01", "channel": "sms", "gateway": "main", **_TALLY}],
}

"""Events for programs: the endpoints, what happened, and what is to be posted to whom."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from exts import db
from models.indexes import partial_index
from models.types import Json, UtcTime

LONGEST_URL = 2048
ANSWER_CHARACTERS = 500
"""How much of an endpoint's answer is kept."""


class Webhook(db.Model):
    """An endpoint of a program that wants to hear of events."""

    __tablename__ = "webhook"
    __table_args__ = (Index("ix_webhook_owner", "owner", "created_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64))
    """`key:<API key id>` hears of that key's doings, `installation` of everything."""
    url: Mapped[str] = mapped_column(String(LONGEST_URL))
    description: Mapped[str | None] = mapped_column(String(255))
    types: Mapped[list[str] | None] = mapped_column(Json)
    """The types of events it wants; NULL: all."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary(4096))
    """Its signing secrets, newest first, encrypted for this row: JSON as in services/webhooks/signing.py."""
    is_on: Mapped[bool] = mapped_column(default=True)
    off_reason: Mapped[str | None] = mapped_column(String(16))
    """`asked`, `gone` (it answered 410) or `failing`; NULL while it is on."""
    off_at: Mapped[datetime | None] = mapped_column(UtcTime)
    failing_since: Mapped[datetime | None] = mapped_column(UtcTime)
    """The first failure after the last success; NULL after a success."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class Event(db.Model):
    """What happened, written in the transaction in which it did; only if some endpoint wants it. Never a code."""

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_at", "at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    type: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(64))
    """The id of the verification, message or broadcast, the name of the gateway, the prefix; else empty."""
    data: Mapped[str] = mapped_column(Text)
    """JSON: what the API answers to a GET of the same thing."""
    at: Mapped[datetime] = mapped_column(UtcTime)


class EventDelivery(db.Model):
    """One event for one endpoint. `due_at` as in the table of messages: NULL once it is settled."""

    __tablename__ = "event_delivery"
    __table_args__ = (
        partial_index("ix_event_delivery_due_at", "due_at", where=text("due_at IS NOT NULL")),
        Index("ix_event_delivery_webhook_id", "webhook_id", "created_at"),
        Index("ix_event_delivery_event_id", "event_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(32))
    webhook_id: Mapped[str | None] = mapped_column(String(32))
    """NULL for a kind that has its own `url`."""
    kind: Mapped[str] = mapped_column(String(16))
    """How it is written and signed; services/webhooks/kinds.py has one maker for each."""
    url: Mapped[str | None] = mapped_column(String(LONGEST_URL))
    status: Mapped[str] = mapped_column(String(16))
    tries: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None] = mapped_column(UtcTime)
    lease_token: Mapped[str | None] = mapped_column(String(32))
    answer_status: Mapped[int | None]
    answer: Mapped[str | None] = mapped_column(String(ANSWER_CHARACTERS))
    """The first part of the body of the last answer."""
    error: Mapped[str | None] = mapped_column(String(255))
    """Why the last try failed without an answer."""
    took_ms: Mapped[int | None]
    tried_at: Mapped[datetime | None] = mapped_column(UtcTime)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcTime)

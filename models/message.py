"""A message: one thing to send. The rows of this table are the queue; the broker only rings the bell."""

from datetime import datetime
from typing import Any

from sqlalchemy import Dialect, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from domain.statuses import MessageStatus
from domain.tracing import TRACEPARENT_LENGTH
from exts import db
from models.indexes import partial_index
from models.types import UtcTime

SEALED_BYTES = 65_535
UNSUCCESSFUL = (
    MessageStatus.FAILED,
    MessageStatus.UNDELIVERED,
    MessageStatus.EXPIRED,
    MessageStatus.CANCELED,
)
WITH_PARTIAL_INDEXES = ("sqlite", "postgresql")
IS_UNSUCCESSFUL = text("status IN ({})".format(", ".join(f"'{status}'" for status in UNSUCCESSFUL)))
"""The same text as in the index, or SQLite would not use the index."""


def _of_those_with(column: str, name: str, *columns: str) -> Index:
    """Return an index that leaves out rows without a value in `column`, where the database can.

    A message is written up to four times on its way, each time to every index that holds its row; most need not.
    """
    return partial_index(name, *columns, where=text(f"{column} IS NOT NULL"))


def _has_partial_indexes(*_: Any, dialect: Dialect, **__: Any) -> bool:
    return dialect.name in WITH_PARTIAL_INDEXES


class Message(db.Model):
    """`due_at` is when a worker must look at the row again, and NULL once it is settled.

    It is the next try while the message is queued, and the end of the lease while it is being sent, so one index finds
    new messages, retries and what a killed worker left behind. A queued message without it is in a paused broadcast.
    """

    __tablename__ = "message"
    __table_args__ = (
        _of_those_with("due_at", "ix_message_due", "priority", "lane", "due_at"),
        _of_those_with("gateway_reference", "ix_message_gateway_reference", "gateway_reference"),
        _of_those_with("broadcast_id", "ix_message_broadcast", "broadcast_id", "status"),
        _of_those_with("verification_id", "ix_message_verification_id", "verification_id"),
        Index("ix_message_owner", "owner", "created_at"),
        Index("ix_message_created_at", "created_at"),
        Index("ix_message_canonical", "canonical", "created_at"),
        # for the operators' searches; a successful message never enters it
        partial_index(
            "ix_message_unsuccessful", "created_at", "status", where=IS_UNSUCCESSFUL, info={"partial": True}
        ).ddl_if(callable_=_has_partial_indexes),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64))
    verification_id: Mapped[str | None] = mapped_column(String(32))
    broadcast_id: Mapped[str | None] = mapped_column(String(32))
    channel: Mapped[str] = mapped_column(String(8))
    lane: Mapped[str] = mapped_column(String(8))
    priority: Mapped[int]
    to: Mapped[str] = mapped_column(String(320))
    canonical: Mapped[str] = mapped_column(String(320))
    country: Mapped[str | None] = mapped_column(String(2))
    template: Mapped[str | None] = mapped_column(String(64))
    template_version: Mapped[int | None]
    """The version that was published when the message was made; NULL for a shipped file and for a caller's own text."""
    locale: Mapped[str] = mapped_column(String(35))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary(SEALED_BYTES))
    """The content, encrypted for this row; erased when the message settles, unless `keeps_content`."""
    keeps_content: Mapped[bool] = mapped_column(default=False)
    """True for a notice, which can be sent again after it has settled. False for a code: its verification keeps it."""
    segments: Mapped[int] = mapped_column(default=1, server_default="1")
    """How many segments an SMS is billed as, which is what the day's budgets count; 1 for a mail."""
    is_test: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str] = mapped_column(String(16), default=MessageStatus.QUEUED)
    due_at: Mapped[datetime | None] = mapped_column(UtcTime)
    deadline_at: Mapped[datetime] = mapped_column(UtcTime)
    lease_token: Mapped[str | None] = mapped_column(String(32))
    tries: Mapped[int] = mapped_column(default=0)
    gateway: Mapped[str | None] = mapped_column(String(64))
    ask_first: Mapped[str | None] = mapped_column(String(64))
    """The gateway that may already have the message: asked before others, as its idempotency key prevents a duplicate.

    Or the only gateway that may send it, see domain/pinning.py.
    """
    gateway_reference: Mapped[str | None] = mapped_column(String(255))
    error: Mapped[str | None] = mapped_column(String(255))
    took_ms: Mapped[int | None]
    """How long the gateway that took it needed to answer."""
    resent_as: Mapped[str | None] = mapped_column(String(32))
    """The id of the copy that was sent again."""
    send_at: Mapped[datetime | None] = mapped_column(UtcTime)
    """The time that its maker asked for; NULL: at once."""
    traceparent: Mapped[str | None] = mapped_column(String(TRACEPARENT_LENGTH))
    """Where in which trace it was made; NULL without telemetry."""
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcTime)

    @property
    def result(self) -> int | None:
        """0 once sent or delivered, -1 once it never will be, else None."""
        return MessageStatus(self.status).result

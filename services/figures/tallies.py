"""Counts of messages and codes by outcome."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.statuses import MessageStatus


@dataclass(frozen=True, slots=True)
class Tally:
    """Messages by current status, and how many codes were issued and approved."""

    messages: Mapping[MessageStatus, int] = field(default_factory=dict)
    issued: int = 0
    approved: int = 0
    pending: int = 0
    """How many of the issued codes may still be entered, where the caller asked for it."""

    def __add__(self, other: "Tally") -> "Tally":
        messages = dict(self.messages)
        for status, count in other.messages.items():
            messages[status] = messages.get(status, 0) + count
        codes = (self.issued + other.issued, self.approved + other.approved, self.pending + other.pending)
        return Tally(messages, *codes)

    def __sub__(self, other: "Tally") -> "Tally":
        left = {status: count - other.messages.get(status, 0) for status, count in self.messages.items()}
        kept = {status: count for status, count in left.items() if count > 0}
        codes = (self.issued - other.issued, self.approved - other.approved, self.pending - other.pending)
        return Tally(kept, *codes)

    @property
    def conversion(self) -> float | None:
        """The share of codes that were entered correctly, of those that no longer can be; None where there are none."""
        ended = self.issued - self.pending
        return round(self.approved / ended, 4) if ended > 0 else None

    @property
    def delivery_rate(self) -> float | None:
        """The share of settled messages that are not lost; None where none is settled."""
        return 1 - self.lost / self.settled if self.settled else None

    @property
    def all(self) -> int:
        """How many messages there are."""
        return sum(self.messages.values())

    @property
    def taken(self) -> int:
        """How many messages a gateway accepted, whatever a delivery report said later."""
        return self.of(MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.UNDELIVERED)

    @property
    def waiting(self) -> int:
        """How many messages are still on their way."""
        return self.of(MessageStatus.QUEUED, MessageStatus.SENDING)

    @property
    def lost(self) -> int:
        """How many messages never arrived, not counting canceled ones."""
        return self.of(MessageStatus.UNDELIVERED, MessageStatus.FAILED, MessageStatus.EXPIRED)

    @property
    def settled(self) -> int:
        """How many messages are settled, not counting canceled ones, which were not meant to be sent."""
        return self.all - self.waiting - self.of(MessageStatus.CANCELED)

    def of(self, *statuses: MessageStatus) -> int:
        """Return how many messages have one of these statuses."""
        return sum(self.messages.get(status, 0) for status in statuses)

"""What became of a number of messages and codes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.statuses import MessageStatus


@dataclass(frozen=True, slots=True)
class Tally:
    """Messages by their status now, and what became of the codes that were issued."""

    messages: Mapping[MessageStatus, int] = field(default_factory=dict)
    issued: int = 0
    approved: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        messages = dict(self.messages)
        for status, count in other.messages.items():
            messages[status] = messages.get(status, 0) + count
        return Tally(messages, self.issued + other.issued, self.approved + other.approved)

    @property
    def conversion(self) -> float | None:
        """Which share of the codes was entered rightly; None where none was issued."""
        return round(self.approved / self.issued, 4) if self.issued else None

    @property
    def all(self) -> int:
        """How many messages there are."""
        return sum(self.messages.values())

    @property
    def taken(self) -> int:
        """How many messages a gateway took, whatever a report said later."""
        return self.of(MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.UNDELIVERED)

    @property
    def waiting(self) -> int:
        """How many messages are still on their way."""
        return self.of(MessageStatus.QUEUED, MessageStatus.SENDING)

    @property
    def lost(self) -> int:
        """How many messages never arrived, and nobody had taken them back."""
        return self.of(MessageStatus.UNDELIVERED, MessageStatus.FAILED, MessageStatus.EXPIRED)

    @property
    def settled(self) -> int:
        """How many messages came to an end that somebody wanted to know: canceled ones were not to be sent."""
        return self.all - self.waiting - self.of(MessageStatus.CANCELED)

    def of(self, *statuses: MessageStatus) -> int:
        """Return how many messages have one of these statuses."""
        return sum(self.messages.get(status, 0) for status in statuses)

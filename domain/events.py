"""What programs are told: the types of events, and whose endpoints hear of which.

The catalogue follows Standard Webhooks 1.0: lower-case words joined by dots.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.errors import FieldProblem, InvalidInput

INSTALLATION = "installation"
"""The owner of an endpoint that an administrator made for no key: it hears of everything."""
MOST_DATA_BYTES = 20_000
"""The specification's advice for a whole payload; none of ours comes near it."""


class EventType(StrEnum):
    """One kind of event."""

    VERIFICATION_CREATED = "verification.created"
    VERIFICATION_SENT = "verification.sent"
    VERIFICATION_DELIVERED = "verification.delivered"
    VERIFICATION_UNDELIVERED = "verification.undelivered"
    VERIFICATION_APPROVED = "verification.approved"
    VERIFICATION_LOCKED = "verification.locked"
    VERIFICATION_EXPIRED = "verification.expired"
    VERIFICATION_CANCELED = "verification.canceled"
    MESSAGE_SENT = "message.sent"
    MESSAGE_DELIVERED = "message.delivered"
    MESSAGE_UNDELIVERED = "message.undelivered"
    MESSAGE_FAILED = "message.failed"
    MESSAGE_EXPIRED = "message.expired"
    BROADCAST_FINISHED = "broadcast.finished"
    RECIPIENT_UNSUBSCRIBED = "recipient.unsubscribed"
    RECIPIENT_BOUNCED = "recipient.bounced"
    GUARD_CLOSED = "guard.closed"
    GATEWAY_DOWN = "gateway.down"
    GATEWAY_UP = "gateway.up"

    @property
    def is_of_all(self) -> bool:
        """Tell whether it is nobody's doing: an endpoint of a key hears of it only if its list names it."""
        return self in (EventType.GUARD_CLOSED, EventType.GATEWAY_DOWN, EventType.GATEWAY_UP)


TEST = "webhook.test"
"""The type of a test, which every endpoint takes whatever its list says."""


@dataclass(frozen=True, slots=True)
class Listener:
    """An endpoint that is switched on: its owner, and the types it wants; no `types` means all."""

    id: str
    owner: str
    types: frozenset[str] = frozenset()
    since: datetime | None = None

    def wants(self, kind: EventType) -> bool:
        """Tell whether its list lets the type through, whoever owns the event."""
        if kind.is_of_all and self.owner != INSTALLATION:
            return kind in self.types
        return not self.types or kind in self.types

    def hears(self, kind: EventType, owners: Collection[str]) -> bool:
        """Tell whether it gets an event of these owners."""
        return self.wants(kind) and (self.owner == INSTALLATION or kind.is_of_all or self.owner in owners)


def check_types(given: Iterable[str] | None) -> list[str] | None:
    """Return the types in the order of the catalogue, None for all; raises InvalidInput."""
    wanted = set(given or ())
    unknown = sorted(wanted - set(EventType))
    if unknown:
        raise InvalidInput(FieldProblem("events", f"must be some of {', '.join(EventType)}"))
    return [kind.value for kind in EventType if kind in wanted] or None

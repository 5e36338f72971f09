"""What the link in a bulk message does: end bulk messages to its destination, and take that back."""

from dataclasses import dataclass

from domain import unsubscribe_links
from domain.destinations import mask
from domain.keyring import Keyring
from domain.statuses import Channel, SuppressionReason
from services.messaging import suppressions
from services.process.parts import part


@dataclass(frozen=True, slots=True)
class Standing:
    """How a destination stands, fit for a page that anybody with the link may see."""

    channel: Channel
    masked: str
    is_suppressed: bool
    can_undo: bool
    """False where not the link but an operator or a mailbox provider has ended it."""


def look(token: str) -> Standing:
    """Return how the destination of a link stands, and change nothing; raises NotFound."""
    channel, canonical = unsubscribe_links.read(part(Keyring), token)
    found = suppressions.find(channel, canonical)
    return Standing(
        channel,
        mask(canonical),
        is_suppressed=found is not None,
        can_undo=found is not None and found.reason is SuppressionReason.UNSUBSCRIBED,
    )


def unsubscribe(token: str) -> Standing:
    """End bulk messages to the destination of a link; raises NotFound."""
    channel, canonical = unsubscribe_links.read(part(Keyring), token)
    suppressions.add(channel, canonical, SuppressionReason.UNSUBSCRIBED, by=None)
    return look(token)


def undo(token: str) -> Standing:
    """Take back what `unsubscribe` did, and nothing else; raises NotFound."""
    channel, canonical = unsubscribe_links.read(part(Keyring), token)
    suppressions.remove(channel, canonical, only=SuppressionReason.UNSUBSCRIBED, by=None)
    return look(token)

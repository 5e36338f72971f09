"""The unsubscribe link of a bulk message: suppress its destination, and undo that."""

from dataclasses import dataclass

from domain import unsubscribe_links
from domain.destinations import mask
from domain.keyring import Keyring
from domain.statuses import Channel, SuppressionReason
from services.messaging import suppressions
from services.process.parts import part


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of a destination for the public page, which anybody with the link may see."""

    channel: Channel
    masked: str
    is_suppressed: bool
    can_undo: bool
    """False where an operator or a mailbox provider, and not the link, has suppressed it."""


def look(token: str) -> Standing:
    """Return the state of a link's destination without changing it; raises NotFound."""
    channel, canonical = unsubscribe_links.read(part(Keyring), token)
    found = suppressions.find(channel, canonical)
    return Standing(
        channel,
        mask(canonical),
        is_suppressed=found is not None,
        can_undo=found is not None and found.reason is SuppressionReason.UNSUBSCRIBED,
    )


def unsubscribe(token: str) -> Standing:
    """Suppress the destination of a link; raises NotFound."""
    channel, canonical = unsubscribe_links.read(part(Keyring), token)
    suppressions.add(channel, canonical, SuppressionReason.UNSUBSCRIBED, by=None)
    return look(token)


def undo(token: str) -> Standing:
    """Undo `unsubscribe`, and no suppression for another reason; raises NotFound."""
    channel, canonical = unsubscribe_links.read(part(Keyring), token)
    suppressions.remove(channel, canonical, only=SuppressionReason.UNSUBSCRIBED, by=None)
    return look(token)

"""What becomes of a message of a test key: the last four digits of a number, or the part before the @, choose it."""

from enum import StrEnum

SLOW_SECONDS = 30
"""How long a slow test message is under way before it is sent: longer than a real send may take."""


class Ending(StrEnum):
    """How a test message ends where its destination asks for something else than to be sent at once."""

    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    EXPIRED = "expired"
    SLOW = "slow"


_DIGITS = {f"{number:04}": ending for number, ending in enumerate(Ending, 1)}


def ending_of(to: str) -> Ending | None:
    """Return the ending that a canonical destination asks for: `+8613800130002`, `failed@example.org`."""
    local, at, _ = to.partition("@")
    if not at:
        return _DIGITS.get(to[-4:])
    return next((ending for ending in Ending if ending == local.lower()), None)

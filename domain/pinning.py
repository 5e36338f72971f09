"""Pin a message to one gateway: the value of `ask_first` in its row."""

SIGN = "="
"""The prefix before the name; no gateway's own name begins with it."""
LONGEST_NAME = 63


def pin(gateway: str) -> str:
    """Return the value that sends a message through this gateway and no other."""
    return SIGN + gateway


def pinned_to(ask_first: str | None) -> str | None:
    """Return the one gateway that may have a message, None where any may."""
    return ask_first[1:] if ask_first and ask_first[0] == SIGN else None

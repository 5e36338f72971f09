"""A message that may go through one gateway only: what `ask_first` of its row says then."""

SIGN = "="
"""Stands before the name; no gateway's own name begins with it."""
LONGEST_NAME = 63


def pin(gateway: str) -> str:
    """Return what makes a message go through this gateway and no other."""
    return SIGN + gateway


def pinned_to(ask_first: str | None) -> str | None:
    """Return the one gateway that may have a message, None where any may."""
    return ask_first[1:] if ask_first and ask_first[0] == SIGN else None

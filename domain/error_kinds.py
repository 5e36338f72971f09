"""Kinds of errors: what gateways say of many messages is one text, except for addresses and numbers of each message."""

import re

GAP = "…"
"""Stands for what differs from message to message."""
LONGEST = 120
_VARIABLE = re.compile(r"[^\s<>(\"']+@[^\s<>)\"',;:]+|\+?\d[\d*]{5,}|\b(?=\w*\d)[0-9A-Za-z-]{12,}\b")
"""An address, a long number, an id."""


def kind_of(text: str) -> str:
    """Return an error without addresses, long numbers and ids, at most LONGEST characters long."""
    kind = _VARIABLE.sub(GAP, text)
    return kind if len(kind) <= LONGEST else kind[:LONGEST].rstrip(GAP) + GAP


def pattern(kind: str, *, escape: str) -> str:
    """Return the LIKE pattern of the errors of a kind."""
    for special in (escape, "%", "_"):
        kind = kind.replace(special, escape + special)
    return kind.replace(GAP, "%")

"""A provider's own id of a message."""

import unicodedata

LONGEST_REFERENCE = 128


def reference(found: object) -> str | None:
    """Return a provider's message id, fit to be stored and shown; None where it is not an id."""
    if not isinstance(found, str | int) or isinstance(found, bool):
        return None
    text = str(found)
    if not text.isprintable():
        text = "".join(one for one in text if unicodedata.category(one) not in {"Cc", "Zl", "Zp", "Cs"})
    return text.strip()[:LONGEST_REFERENCE] or None

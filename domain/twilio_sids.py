"""Ids in Twilio's form: one of our 32 hexadecimal digits after two letters that say what it names."""

import re

ACCOUNT, SERVICE, VERIFICATION, ATTEMPT, MESSAGE = "AC", "VA", "VE", "VL", "SM"
_ID = re.compile(r"[0-9a-f]{32}")


def sid(kind: str, id: str) -> str:
    """Return the SID of our id."""
    return f"{kind}{id}"


def read(kind: str, text: str) -> str | None:
    """Return our id from a SID, None where the text is no SID of this kind; Twilio takes capital digits, too."""
    id = text[2:].lower()
    return id if text.startswith(kind) and _ID.fullmatch(id) else None

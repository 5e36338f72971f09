"""The templates and parameters that the service itself provides, and how long a text may be."""

from datetime import timedelta
from typing import Any

OWN_TEMPLATES = frozenset(
    {
        "alarm",
        "alarm_over",
        "code",
        "code_link",
        "email_changed",
        "invitation",
        "phone_changed",
        "prefix_closed",
        "second_step_changed",
        "second_step_reset",
    }
)
"""Sent by the service only, never for a caller: a fake code would look like one of ours."""
GIVEN = frozenset({"service", "unsubscribe_url"})
"""Parameters that the service adds to every template."""
SENDER = "_sender"
"""Travels with the parameters, and is none: no name of a parameter begins so."""
LONGEST_SMS = 1600
"""Characters; the longest text that carriers reassemble."""


def code_params(code: str, life: timedelta, service: str, sender: str | None = None) -> dict[str, Any]:
    """Return the parameters for the text of a code; `sender` is the name it comes from, where it has its own."""
    minutes = max(1, round(life.total_seconds() / 60))
    return {"code": code, "minutes": minutes, "service": service, **sent_by(sender)}


def sent_by(sender: str | None) -> dict[str, str]:
    """Return what to add to a message's parameters for the name that it comes from."""
    return {SENDER: sender} if sender else {}

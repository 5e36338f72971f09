"""The templates and parameters that the service itself provides, and how long a text may be."""

from datetime import timedelta
from typing import Any

OWN_TEMPLATES = frozenset(
    {"code", "code_link", "email_changed", "invitation", "phone_changed", "second_step_reset"}
)
"""Sent by the service only, never for a caller: a fake code would look like one of ours."""
GIVEN = frozenset({"service", "unsubscribe_url"})
"""Parameters that the service adds to every template."""
LONGEST_SMS = 1600
"""Characters; the longest text that carriers reassemble."""


def code_params(code: str, life: timedelta, service: str) -> dict[str, Any]:
    """Return the parameters for the text of a code."""
    minutes = max(1, round(life.total_seconds() / 60))
    return {"code": code, "minutes": minutes, "service": service}

"""Which texts and parameters the service gives itself, and how long a text may be."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

OWN_TEMPLATES = frozenset({"code", "email_changed", "invitation", "phone_changed", "second_step_reset"})
"""Told by the service itself, and to nobody in a caller's name: a fake code would look like one of ours."""
GIVEN = frozenset({"service", "unsubscribe_url"})
"""Parameters that every template has without the caller's doing."""
LONGEST_SMS = 1600
"""Characters; the longest that carriers put together again."""


def code_params(code: str, life: timedelta, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the text of a code is made of."""
    minutes = max(1, round(life.total_seconds() / 60))
    return {"code": code, "minutes": minutes, "service": settings["SERVICE_NAME"]}

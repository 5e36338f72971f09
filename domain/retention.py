"""How young data must not be deleted by a schedule, and which is kept whatever anybody asks."""

import math
from datetime import timedelta
from typing import Any

LEAST_AGE = timedelta(days=1)
"""A schedule that deletes younger data deletes what people still look at."""
LEAST_SIGN_INS = timedelta(days=7)
"""The sign-in history is evidence: who got in must not be able to wipe out at once that they did."""


def is_scheduled_age(days: Any) -> bool:
    """Tell whether a schedule may delete what is older than this; arguments come from JSON and may be anything."""
    if isinstance(days, bool) or not isinstance(days, int | float) or not math.isfinite(days):
        return False
    return days >= LEAST_AGE.days

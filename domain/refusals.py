"""Why a message or a code is not sent again, or not taken back."""

from enum import StrEnum


class Refusal(StrEnum):
    """One reason."""

    CODE = "code"
    """It carries a code, which only its verification may send again or cancel."""
    ENDED = "ended"
    """It carries a code of a verification that is pending no longer."""
    UNDER_WAY = "under_way"
    GONE = "gone"
    """What it said is no longer kept."""
    SUPPRESSED = "suppressed"
    COUNTRY = "country"
    LIMIT = "limit"
    MOVED = "moved"
    """Somebody or a worker was faster."""

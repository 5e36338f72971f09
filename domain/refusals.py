"""Why a message or a code can't be sent again or canceled."""

from enum import StrEnum


class Refusal(StrEnum):
    """One reason."""

    CODE = "code"
    """It carries a code, which only its verification may send again or cancel."""
    ENDED = "ended"
    """It carries the code of a verification that is no longer pending."""
    UNDER_WAY = "under_way"
    GONE = "gone"
    """Its content is no longer kept."""
    SUPPRESSED = "suppressed"
    COUNTRY = "country"
    LIMIT = "limit"
    MOVED = "moved"
    """Another person or a worker was faster."""

"""What keeps messages from being sent, and when people are told of it: once, however often it comes and goes."""

from datetime import timedelta
from enum import StrEnum


class Kind(StrEnum):
    """What is wrong, the most urgent first."""

    NO_WORKER = "no_worker"
    LANE_UNTAKEN = "lane_untaken"
    BROKER_AWAY = "broker_away"
    NO_CLOCK = "no_clock"
    NO_GATEWAY = "no_gateway"
    SWITCHED_OFF = "switched_off"
    ALL_FAIL = "all_fail"
    GATEWAY_DOWN = "gateway_down"
    BUDGET_USED = "budget_used"
    BUDGET_NEARLY_USED = "budget_nearly_used"
    PREFIXES_CLOSED = "prefixes_closed"


RESTART = timedelta(minutes=2)
"""A process that is gone for less was restarted."""
WAIT = {
    Kind.NO_WORKER: RESTART,
    Kind.LANE_UNTAKEN: RESTART,
    Kind.BROKER_AWAY: RESTART,
    Kind.NO_CLOCK: RESTART,
    Kind.SWITCHED_OFF: timedelta(minutes=1),
}
"""How long something lasts before people are told of it; anything else is told at once."""
CALM = timedelta(minutes=2)
"""An incident is over once all has been well for as long: a gateway that comes and goes is one incident."""
BLIP = timedelta(minutes=1)
"""The same for an incident of which nobody was told yet."""
QUIET = timedelta(hours=1)
"""The same for one that began within an hour of the one before, and for closed prefixes."""
NEARLY = 0.8
"""The share of a day's budget from which on it is nearly used up."""
UNTOLD = frozenset({Kind.NO_GATEWAY})
"""What no mail can tell: there is nothing that would send it."""
ENDS_BY_ITSELF = frozenset({Kind.PREFIXES_CLOSED})
"""What tells its end with its beginning."""


def is_told(kind: Kind, lasted: timedelta) -> bool:
    """Tell whether something has lasted long enough to tell people of it."""
    return kind not in UNTOLD and lasted >= WAIT.get(kind, timedelta(0))


def calm(kind: Kind, *, is_told: bool, is_again: bool) -> timedelta:
    """Return for how long all must be well before an incident is over."""
    if kind is Kind.PREFIXES_CLOSED:  # fraudsters go from prefix to prefix
        return QUIET
    if not is_told:
        return BLIP
    return QUIET if is_again else CALM

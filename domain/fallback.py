"""Fallback: the other ways that a code takes where it does not arrive, in which order and after how long."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from domain.destinations import Destination
from domain.errors import FieldProblem, InvalidInput
from domain.statuses import Channel, MessageStatus

FIELD = "fallback"
MOST_STEPS = 3
SHORTEST_SECONDS, LONGEST_SECONDS = 15, 240
DEFAULT_SECONDS = 60
"""Of a step for which neither the caller nor its purpose says when; as long as the cool-down of a resend."""
WAITING, SKIPPED = "waiting", "skipped"
STATUSES = (WAITING, SKIPPED, *(status.value for status in MessageStatus))
"""What a step may be: not taken yet, refused, or as its message is. One that is not needed any more is `canceled`."""
Chain = Mapping[Channel, int]
"""The order of a purpose's channels, and after how many seconds each is taken."""


@dataclass(frozen=True, slots=True)
class GivenStep:
    """A step as a caller names it; `to` None is the destination of the verification."""

    channel: Channel
    to: str | None = None
    after_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Where the code goes, this many seconds after the step before; None: as long as its purpose says."""

    destination: Destination
    after_seconds: int | None


def check_seconds(seconds: int) -> int:
    """Return how long a step waits; raises InvalidInput where it is not 15 to 240 seconds."""
    if not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
        told = f"after_seconds must be {SHORTEST_SECONDS} to {LONGEST_SECONDS}"
        raise InvalidInput(FieldProblem(FIELD, told))
    return seconds


def planned(steps: Sequence[Step], chain: Chain) -> list[Step]:
    """Return steps with their times: what the caller says counts before what the purpose's chain says.

    Where the caller says no time at all, the chain also gives the order; channels that it does not have come last.
    """
    timed = [
        replace(one, after_seconds=one.after_seconds or chain.get(one.destination.channel, DEFAULT_SECONDS))
        for one in steps
    ]
    if any(one.after_seconds is not None for one in steps):
        return timed
    places = {channel: number for number, channel in enumerate(chain)}
    return sorted(timed, key=lambda one: places.get(one.destination.channel, len(places)))

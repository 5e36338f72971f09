"""How many sends are in flight in one worker process, and how many more there may be."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.statuses import FLOWS, Lane, Priority

MORE_FOR_CODES = 0.2
"""Slots for codes alone, as a share of all others: a newsletter may fill the others and never delays a code."""

AHEAD_SECONDS = 0.25
"""A lane with a ceiling gets as many messages as it sends in this time, so that it never waits for the database."""
BLOCK_SECONDS = 0.05
"""The other lanes get as many as they send in this time, where that is more than their slots: a block costs the
database the same with a hundred rows or a thousand. Only gateways that take thousands a second ever get more."""
PACE_SECONDS = 0.1
"""How long sends are counted to measure a lane's pace; after a rest it counts as slow until measured again."""


@dataclass(eq=False, slots=True)
class Flow:
    """The messages of one priority in one lane, and how many of them are in flight."""

    priority: Priority
    lane: Lane
    in_flight: int = 0


class Pace:
    """Measures how many sends end in a second."""

    def __init__(self) -> None:
        self.rate = 0.0
        self._ended = 0
        self._since = time.monotonic()

    def ended(self, count: int) -> None:
        """Count sends that have ended."""
        self._ended += count
        passed = time.monotonic() - self._since
        if passed >= PACE_SECONDS:
            self.rate = self._ended / passed
            self._ended, self._since = 0, self._since + passed


class Slots:
    """The flows of some lanes in the order in which they are served: codes, single messages, bulk.

    Parameters:
        slots: the most sends at once; codes may take a few more where other messages fill the slots.
        ceilings: the most sends at once in a lane whose gateways take no more; a slow mail server then fills only its
            own few slots and never those of SMS, and a quick one gets as much as it sends in a moment.
    """

    def __init__(self, lanes: Sequence[Lane], slots: int, ceilings: Mapping[Lane, int] | None = None):
        self.flows = [Flow(priority, lane) for priority, lane in FLOWS if lane in lanes]
        self.all = slots + int(slots * MORE_FOR_CODES)
        self._slots = slots
        self.ceilings = dict(ceilings or {})
        self._pace = Pace()
        self._paces = {lane: Pace() for lane in self.ceilings}

    def limit(self, lane: Lane, most: int | None) -> int | None:
        """Set the ceiling of a lane while it runs, None for as many as there are slots; return it if it is new."""
        ceiling = self.all if most is None else most
        if self.ceilings.get(lane, self.all) == ceiling:
            return None
        self.ceilings[lane] = ceiling
        self._paces.setdefault(lane, Pace())
        return ceiling

    @property
    def in_flight(self) -> int:
        """The number of sends that have been started and not yet taken back."""
        return sum(flow.in_flight for flow in self.flows)

    def free(self, flow: Flow) -> int:
        """Return how many more of a flow may be started."""
        in_flight = self.in_flight
        ahead = max(0, int(BLOCK_SECONDS * self._pace.rate) - self._slots)
        if flow.priority is Priority.CODE:
            codes = sum(one.in_flight for one in self.flows if one.priority is Priority.CODE)
            free = min(self._slots - codes, self.all - in_flight) + ahead
        else:
            free = self._slots - in_flight + ahead
        if flow.lane in self.ceilings:
            of_lane = sum(one.in_flight for one in self.flows if one.lane is flow.lane)
            most = max(self.ceilings[flow.lane], int(AHEAD_SECONDS * self._paces[flow.lane].rate))
            free = min(free, most - of_lane)
        return max(0, free)

    def ended(self, flow: Flow, count: int) -> None:
        """Take back the slots of sends that have ended."""
        flow.in_flight -= count
        self._paces.get(flow.lane, self._pace).ended(count)

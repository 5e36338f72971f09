"""The last 24 hours of each gateway by the hour, from the counts of the overview."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from services.figures import spans, traffic
from services.figures.spans import Period
from services.figures.tallies import Tally
from services.figures.traffic import Traffic
from services.figures.traffic_counts import hour_of


def by_hour(now: datetime) -> Mapping[str, Sequence[Tally]]:
    """Return a tally an hour, the oldest first, for each gateway that had messages."""
    hours = spans.of_period(Period.DAY, UTC, now).begins
    places = {hour: number for number, hour in enumerate(hours)}

    def read(counts: Traffic) -> Mapping[str, Sequence[Tally]]:
        found: defaultdict[str, list[Tally]] = defaultdict(lambda: [Tally()] * len(hours))
        for (hour, gateway), tally in counts.by("hour", "gateway").items():
            if hour in places:  # not one that has begun since `now`
                found[gateway][places[hour]] += tally
        return found

    return traffic.look(hour_of(hours[0]), read)

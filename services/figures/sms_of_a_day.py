"""SMS in the last day, for a page: whole hours come from roll-ups, so that a day of millions is quick to read."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import add

from sqlalchemy import Connection, func, select

from domain.statuses import Channel, MessageStatus
from models.message import Message
from models.traffic import NONE, TrafficHour
from services.figures import rollups
from services.figures.traffic_counts import HOUR, hour_of
from services.figures.traffic_memory import State

DAY = timedelta(days=1)
Spans = Sequence[tuple[datetime, datetime | None]]

hours = TrafficHour.__table__
messages = Message.__table__


def by_country(connection: Connection, now: datetime | None = None) -> Counter[str | None]:
    """Return how many SMS were accepted in the last day, by country; None is an unknown country."""
    since = (now or datetime.now(UTC)) - DAY
    first = hour_of(since) + HOUR

    def once(_: State) -> Counter[str | None]:
        spans = [(since, first), *rollups.uncounted(connection, first)]
        return _kept(connection, first) + _live(connection, spans)

    return rollups.steadily(connection, first, once)


def _kept(connection: Connection, first: datetime) -> Counter[str | None]:
    of_all_statuses = reduce(add, (hours.c[status.value] for status in MessageStatus))
    found = (
        select(hours.c.country, func.sum(of_all_statuses))
        .where(hours.c.hour >= first, hours.c.channel == Channel.SMS.value)
        .group_by(hours.c.country)
    )
    return Counter({None if name == NONE else name: int(count) for name, count in connection.execute(found)})


def _live(connection: Connection, spans: Spans) -> Counter[str | None]:
    counts: Counter[str | None] = Counter()
    for begin, end in spans:
        found = select(messages.c.country, func.count()).where(
            messages.c.channel == Channel.SMS.value, messages.c.created_at >= begin
        )
        found = found if end is None else found.where(messages.c.created_at < end)
        for country, count in connection.execute(found.group_by(messages.c.country)):
            counts[country] += count
    return counts

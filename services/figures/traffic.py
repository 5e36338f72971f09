"""Traffic since some hour: counts from roll-ups, and live counts of hours that have none, as one."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Table, func, or_, select

from domain.statuses import MessageStatus
from exts import db
from models.traffic import DeliveryHour, OwnerHour, TrafficHour
from models.verification import Verification
from services.figures import rollups, traffic_counts
from services.figures.tallies import Tally
from services.figures.traffic_counts import Counted, Key, TimesKey, hour_of
from services.figures.traffic_memory import State, memory
from services.figures.traffic_rows import COUNTS
from services.storage.snapshots import snapshot

T = TypeVar("T")
STATUSES = tuple(MessageStatus)

deliveries = DeliveryHour.__table__


@dataclass(frozen=True, slots=True)
class Traffic:
    """The counts of all hours since one, and before `until` if given.

    `equal` in its methods filters them, as in `channel="sms"`.
    """

    connection: Connection
    since: datetime
    state: State
    live: Counted
    until: datetime | None = None
    apart: frozenset[datetime] = frozenset()
    """Hours of which everything is in `live`, but for what was purged."""
    state_since: datetime | None = None
    """From where on `state` tells of changes: looks from different hours may have the same one."""

    def within(self, since: datetime, until: datetime | None) -> "Traffic":
        """Return the counts of some of the hours; both limits are the beginning of an hour."""
        return replace(self, since=since, until=until)

    def by(self, *names: str, **equal: str) -> dict[tuple[Any, ...], Tally]:
        """Return the tallies grouped by these columns of `TrafficHour` or `OwnerHour`."""
        kept = self._recall((self.since, self.until, names), equal, lambda: self._kept(names, equal))
        added: defaultdict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0] * len(COUNTS))
        for key, found in self.live.traffic.items():
            if self._has(key, equal):
                total = added[tuple(getattr(key, name) for name in names)]
                for place, name in enumerate(COUNTS):
                    total[place] += found[name]
        tallies = {key: _tally(counts) for key, counts in added.items() if any(counts)}
        return kept | {key: kept.get(key, Tally()) + tally for key, tally in tallies.items()}

    def times(self, **equal: str) -> dict[TimesKey, Counter[int]]:
        """Return the histograms of delivery times by hour, channel and gateway."""
        kept = self._recall((self.since, self.until, "times"), equal, lambda: self._kept_times(equal))
        live = {key: steps for key, steps in self.live.times.items() if self._has(key, equal)}
        return kept | {key: kept.get(key, Counter()) + steps for key, steps in live.items()}

    def before(self, end: datetime, *, is_settled: bool, **equal: str) -> Counted:
        """Count in the rows what was made before `end` in its hour, for a day that begins between two hours.

        `is_settled`: whether it hardly changes any more, so that an earlier answer will do.
        """

        def read() -> Counted:
            found = traffic_counts.of_span(self.connection, hour_of(end), end)
            return Counted(
                {key: counts for key, counts in found.traffic.items() if _is(key, equal)},
                {key: steps for key, steps in found.times.items() if _is(key, equal)},
            )

        return self._recall(("before", end), equal, read) if is_settled else read()

    def pending(self, now: datetime, before: datetime | None = None, /, **equal: str) -> dict[Key, int]:
        """Count the codes that may still be entered, by the keys of their newest messages.

        `before`: only those made before it in its hour.
        """
        made = (
            ()
            if before is None
            else (Verification.created_at < before, Verification.created_at >= hour_of(before))
        )
        may_be = (
            *made,
            *(
                Verification.expires_at > now,
                Verification.used_at.is_(None),
                Verification.canceled_at.is_(None),
            ),
            or_(Verification.max_attempts == 0, Verification.attempts < Verification.max_attempts),
        )
        found = traffic_counts.of_codes(self.connection, *may_be).traffic
        return {key: counts["issued"] for key, counts in found.items() if self._has(key, equal)}

    def _recall(self, question: tuple[Any, ...], equal: dict[str, str], read: Callable[[], T]) -> T:
        asked = (*question, tuple(equal.items()), self.apart, self.state_since)
        return memory().recall(asked, self.state, read)

    def _has(self, key: Key | TimesKey, equal: dict[str, str]) -> bool:
        is_in = self.since <= key.hour and (self.until is None or key.hour < self.until)
        return is_in and _is(key, equal)

    def _hours(self, table: Table) -> list[ColumnElement[bool]]:
        chosen = [table.c.hour >= self.since]
        if self.until is not None:
            chosen.append(table.c.hour < self.until)
        if self.apart:
            chosen.append(or_(table.c.hour.not_in(self.apart), table.c.is_purged.is_(True)))
        return chosen

    def _kept(self, names: tuple[str, ...], equal: dict[str, str]) -> dict[tuple[Any, ...], Tally]:
        table = _smallest_with({*names, *equal})
        columns = [table.c[name] for name in names]
        sums = (func.sum(table.c[name]) for name in COUNTS)
        chosen = [table.c[name] == value for name, value in equal.items()]
        found = select(*columns, *sums).where(*self._hours(table), *chosen).group_by(*columns)
        counts = {
            tuple(row[: len(names)]): list(map(int, row[len(names) :]))  # MariaDB sums to decimals
            for row in self.connection.execute(found).all()
        }
        return {key: _tally(numbers) for key, numbers in counts.items() if any(numbers)}

    def _kept_times(self, equal: dict[str, str]) -> dict[TimesKey, Counter[int]]:
        chosen = [deliveries.c[name] == value for name, value in equal.items()]
        columns = [*(deliveries.c[name] for name in TimesKey._fields), deliveries.c.times]
        found: defaultdict[TimesKey, Counter[int]] = defaultdict(Counter)
        rows = self.connection.execute(select(*columns).where(*self._hours(deliveries), *chosen))
        for *key, times in rows.all():
            steps = found[TimesKey(*key)]
            for step, number in times.items():
                steps[int(step)] += number
        return dict(found)


def _is(key: Key | TimesKey, equal: dict[str, str]) -> bool:
    return all(getattr(key, name) == value for name, value in equal.items())


def _smallest_with(names: set[str]) -> Table:
    """Return the table with the fewest rows that has these columns: an hour has fewer owners than purposes."""
    return next(
        model.__table__ for model in (OwnerHour, TrafficHour) if names <= set(model.__table__.c.keys())
    )


def look(
    since: datetime,
    work: Callable[[Traffic], T],
    *,
    owner: str | None = None,
    apart: frozenset[datetime] = frozenset(),
) -> T:
    """Return the result of `work`, which is given all counts since the beginning of an hour, or those of one owner.

    `apart`: hours that are counted in the rows, because `work` divides them.
    """
    with snapshot(
        db.engine
    ) as connection:  # a roll-up or a purge meanwhile would count rows twice, or not at all
        state = rollups.state(connection, since)
        live = _live(connection, rollups.uncounted(connection, since, apart), owner)
        return work(Traffic(connection, since, state, live, apart=apart, state_since=since))


def _live(
    connection: Connection, spans: list[tuple[datetime, datetime | None]], owner: str | None
) -> Counted:
    live = Counted()
    for begin, end in spans:
        found = traffic_counts.of_span(connection, begin, end, owner)
        live.traffic.update(found.traffic)
        live.times.update(found.times)
    return live


def tally_of(counts: Counter[str]) -> Tally:
    """Return the counts of a row as a tally."""
    return _tally([counts[name] for name in COUNTS])


def _tally(counts: list[int]) -> Tally:
    *by_status, issued, approved = counts
    messages = {status: count for status, count in zip(STATUSES, by_status, strict=True) if count}
    return Tally(messages, issued, approved)

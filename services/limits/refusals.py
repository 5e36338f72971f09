"""Who hit which limit today: counted in Redis, in this process while Redis is down, never in SQL.

The data is bounded and expires: how often each limit refused, and the thousand callers refused most often, with
destinations masked, after two days; how many refusals each hour had after 400.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from redis import Redis
from redis.exceptions import RedisError

from domain.errors import LimitExceeded
from models import clock
from services.process.breaker import Breaker

log = logging.getLogger(__name__)
T = TypeVar("T")
MOST = 1000
KEPT_SECONDS = 2 * 86_400
HOURS_KEPT_DAYS = 400
"""Longer than the longest range of the overview. A day is a hash of at most 24 numbers."""
SOCKET_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Refused:
    """One caller or destination that hit a limit, and how often."""

    limit: str
    who: str
    count: int


@dataclass(frozen=True, slots=True)
class Today:
    """The refusals since midnight (UTC); `is_of_all` is False where only this process counted them."""

    by_limit: Mapping[str, int]
    most: tuple[Refused, ...]
    is_of_all: bool


@dataclass(frozen=True, slots=True)
class Hours:
    """The refusals by hour; `is_of_all` is False where only this process counted them."""

    counts: Mapping[datetime, int]
    is_of_all: bool


@dataclass
class _Day:
    """What this process counted on one day."""

    day: date
    by_limit: Counter[str] = field(default_factory=Counter)
    who: Counter[tuple[str, str]] = field(default_factory=Counter)


class Refusals:
    """Safe to use from many threads at once. A refusal costs one round trip to Redis, and never fails."""

    def __init__(self, redis_url: str, breaker: Breaker):
        self._breaker = breaker
        self._local = _Day(date.min)
        self._local_hours: Counter[datetime] = Counter()
        self._redis: Redis | None = (
            Redis.from_url(
                redis_url,
                socket_timeout=SOCKET_SECONDS,
                socket_connect_timeout=SOCKET_SECONDS,
                decode_responses=True,
            )
            if redis_url
            else None
        )

    def note(self, refusal: LimitExceeded, limit: str | None = None) -> None:
        """Count one refusal, under `limit` instead of its own limit where given."""
        name, who, now = limit or refusal.limit, refusal.who, clock.now()
        if self._ask(lambda redis: _note(redis, now, name, who)) is None:
            here = self._here(now.date())
            here.by_limit[name] += 1
            self._local_hours[_hour(now)] += 1
            if len(self._local_hours) > HOURS_KEPT_DAYS * 24:
                del self._local_hours[min(list(self._local_hours))]
            if (name, who) in here.who or len(here.who) < MOST:
                here.who[name, who] += 1

    def today(self, most: int) -> Today:
        """Return how often each limit refused, and the `most` callers refused most often."""
        day = clock.now().date()
        here = self._here(day)
        shared = self._ask(lambda redis: _read(redis, day, most))
        by_limit, who = shared or (Counter(), Counter())
        by_limit, who = by_limit + here.by_limit, who + here.who
        told = tuple(Refused(limit, one, count) for (limit, one), count in who.most_common(most))
        return Today(by_limit, told, shared is not None)

    def hours(self, since: datetime, until: datetime) -> Hours:
        """Return how many refusals each hour of a time had, as far as they are kept."""
        first = max(since, clock.now() - timedelta(days=HOURS_KEPT_DAYS)).astimezone(UTC).date()
        days = [
            first + timedelta(days=number)
            for number in range((until.astimezone(UTC).date() - first).days + 1)
        ]
        shared = self._ask(lambda redis: _read_hours(redis, days))
        found = (shared or Counter()) + self._local_hours
        return Hours({at: count for at, count in found.items() if since <= at < until}, shared is not None)

    def _here(self, day: date) -> _Day:
        if self._local.day != day:
            self._local = _Day(day)
        return self._local

    def _ask(self, question: Callable[["Redis"], T]) -> T | None:
        if self._redis is not None and not self._breaker.is_open:
            try:
                return question(self._redis)
            except (RedisError, OSError) as error:
                self._breaker.trip()
                log.warning("refusals are counted in this process for now: %s", type(error).__name__)
        return None


def _note(redis: "Redis", now: datetime, limit: str, who: str) -> bool:
    limits, people = _keys(now.date())
    hours = _hours_key(now.date())
    with redis.pipeline(transaction=False) as pipeline:
        pipeline.hincrby(limits, limit, 1)
        pipeline.zincrby(people, 1, f"{limit}|{who}")
        pipeline.zremrangebyrank(people, 0, -MOST - 1)
        pipeline.hincrby(hours, str(now.hour), 1)
        pipeline.expire(limits, KEPT_SECONDS)
        pipeline.expire(people, KEPT_SECONDS)
        pipeline.expire(hours, HOURS_KEPT_DAYS * 86_400)
        pipeline.execute()
    return True


def _read(redis: "Redis", day: date, most: int) -> tuple[Counter[str], Counter[tuple[str, str]]]:
    limits, people = _keys(day)
    with redis.pipeline(transaction=False) as pipeline:
        pipeline.hgetall(limits)
        pipeline.zrevrange(people, 0, most - 1, withscores=True)
        counts, scores = pipeline.execute()
    who: Counter[tuple[str, str]] = Counter()
    for member, score in scores:
        limit, _, one = member.partition("|")
        who[limit, one] = int(score)
    return Counter({limit: int(count) for limit, count in counts.items()}), who


def _keys(day: date) -> tuple[str, str]:
    return f"sendcode:refusals:{day.isoformat()}", f"sendcode:refused:{day.isoformat()}"


def _read_hours(redis: "Redis", days: Sequence[date]) -> Counter[datetime]:
    with redis.pipeline(transaction=False) as pipeline:
        for day in days:
            pipeline.hgetall(_hours_key(day))
        found: Counter[datetime] = Counter()
        for day, counts in zip(days, pipeline.execute(), strict=True):
            midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
            found.update(
                {midnight + timedelta(hours=int(hour)): int(count) for hour, count in counts.items()}
            )
    return found


def _hours_key(day: date) -> str:
    return f"sendcode:refusals_by_hour:{day.isoformat()}"


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)

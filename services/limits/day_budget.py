"""The day's SMS budget: the rows of the last day are counted once a minute, and Redis adds what is taken since.

The rows are the truth, because a cap on the bill must not open when Redis comes back empty: without the count of the
rows in it, Redis takes nothing, and the next caller counts them.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from domain.errors import ConfigurationError
from services.process.breaker import Breaker

log = logging.getLogger(__name__)
SOCKET_SECONDS = 0.1
ALL = "all"
"""The name of the whole budget, next to those of countries."""
COUNT_EVERY = timedelta(seconds=60)
KEPT = timedelta(seconds=300)
"""How long Redis keeps a count that nobody renews."""
COUNT_EVERY_WITHOUT_REDIS = timedelta(seconds=5)

Count = Callable[[], Mapping[str, int]]
"""Counts the rows of the last day: in all, and by country."""

_TAKE = """
if redis.call('EXISTS', KEYS[1]) == 0 then return {-1} end
for i = 2, #ARGV, 3 do
  local taken = tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or '0')
  local most = tonumber(ARGV[i + 2])
  if most > 0 and taken + tonumber(ARGV[i + 1]) > most then return {(i + 1) / 3} end
end
local before = {}
if redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[1]) then before = redis.call('HGETALL', KEYS[1]) end
for i = 2, #ARGV, 3 do redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
return {0, before}
"""
"""Takes all or nothing: 0, the number of the budget that has no room, or -1 where the rows have to be counted first.
Once a minute it also returns what was taken, and asks the caller to count the rows anew."""
_COUNTED = """
if ARGV[2] == 'first' and redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local new, given = {}, {}
for i = 3, #ARGV, 3 do
  local now = tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or '0')
  new[#new + 1] = ARGV[i]
  new[#new + 1] = ARGV[i + 1] + math.max(0, now - ARGV[i + 2])
  given[ARGV[i]] = true
end
local there = redis.call('HGETALL', KEYS[1])
for i = 1, #there, 2 do
  if not given[there[i]] then
    new[#new + 1] = there[i]
    new[#new + 1] = there[i + 1]
  end
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(new))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
"""
"""Replaces what was taken by the count of the rows, plus what was taken while they were counted; a country that got its
first SMS meanwhile is in neither count, and keeps what it has."""


@dataclass(frozen=True, slots=True)
class Part:
    """How much is wanted of one budget, `all` or that of a country, and how much it has; 0 is no limit."""

    name: str
    wanted: int
    most: int


class DayBudget:
    """Safe to use from many threads at once; one round trip to Redis."""

    def __init__(self, redis_url: str, breaker: Breaker):
        self._breaker = breaker
        self._lock = threading.Lock()
        self._here: dict[str, tuple[datetime, Counter[str]]] = {}
        self._redis: Redis | None = None
        if redis_url:
            try:
                self._redis = Redis.from_url(
                    redis_url,
                    socket_timeout=SOCKET_SECONDS,
                    socket_connect_timeout=SOCKET_SECONDS,
                    decode_responses=True,
                )
            except ValueError:  # its text may hold the URL, and the URL a password
                raise ConfigurationError("REDIS_URL is not a Redis URL") from None
            self._take = self._redis.register_script(_TAKE)
            self._counted = self._redis.register_script(_COUNTED)

    def take(self, ledger: str, parts: Sequence[Part], count: Count) -> Part | None:
        """Take from all budgets of a ledger; return the one that has no room, and then nothing is taken."""
        if self._redis is not None and not self._breaker.is_open:
            try:
                return self._take_shared(ledger, parts, count)
            except (RedisError, OSError) as error:
                self._breaker.trip()
                log.warning("the day's budget is counted in the rows for now: %s", type(error).__name__)
        return self._take_here(ledger, parts, count)

    def used(self, ledger: str, count: Count) -> Mapping[str, int]:
        """Return what is taken of each budget of a ledger: as Redis has it, else as the rows have it."""
        if self._redis is not None and not self._breaker.is_open:
            try:
                found: Mapping[Any, Any] = self._redis.hgetall(_keys(ledger)[0])
                if found:
                    return {str(name): int(taken) for name, taken in found.items()}
            except (RedisError, OSError) as error:
                self._breaker.trip()
                log.warning("the day's budget is read from the rows for now: %s", type(error).__name__)
        return count()

    def _take_shared(self, ledger: str, parts: Sequence[Part], count: Count) -> Part | None:
        answer = self._ask(ledger, parts)
        if answer[0] < 0:
            with self._lock:
                answer = self._ask(ledger, parts)
                if answer[0] < 0:
                    self._keep(ledger, count(), None)
                    answer = self._ask(ledger, parts)
        if answer[0] < 0:  # emptied again in between
            return self._take_here(ledger, parts, count)
        if answer[0] > 0:
            return parts[int(answer[0]) - 1]
        if answer[1]:
            told = iter(answer[1])
            self._keep(ledger, count(), {name: int(taken) for name, taken in zip(told, told, strict=True)})
        return None

    def _ask(self, ledger: str, parts: Sequence[Part]) -> list[Any]:
        wanted = [value for one in parts for value in (one.name, one.wanted, one.most)]
        found: list[Any] = self._take(keys=_keys(ledger), args=[_milliseconds(COUNT_EVERY), *wanted])
        return found

    def _keep(self, ledger: str, rows: Mapping[str, int], before: Mapping[str, int] | None) -> None:
        names = {ALL, *rows, *(before or ())}
        counts = [value for name in names for value in (name, rows.get(name, 0), (before or {}).get(name, 0))]
        kind = "first" if before is None else "again"
        self._counted(keys=_keys(ledger), args=[_milliseconds(KEPT), kind, *counts])

    def _take_here(self, ledger: str, parts: Sequence[Part], count: Count) -> Part | None:
        """Count the rows each time; what this process has just taken may be in no row yet."""
        rows, now = Counter(count()), datetime.now(UTC)
        with self._lock:
            since, taken = self._here.get(ledger, (now, rows))
            if not now - COUNT_EVERY_WITHOUT_REDIS < since <= now:
                since, taken = now, rows
            used = taken | rows
            full = next((one for one in parts if one.most and used[one.name] + one.wanted > one.most), None)
            if full is None:
                used.update({one.name: one.wanted for one in parts})
                self._here[ledger] = (since, used)
            return full


def _keys(ledger: str) -> list[str]:
    key = f"sendcode:sms_of_a_day:{ledger}"
    return [key, f"{key}:counted"]


def _milliseconds(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)

"""Limits per IP address, number prefix and API key: windows in Redis, else in this process or by the caller."""

import logging
import math
import time
from collections.abc import Callable
from typing import TypeVar

from limits import RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

from domain.errors import ConfigurationError, LimitExceeded
from domain.owners import LIVE
from services.process.breaker import Breaker

log = logging.getLogger(__name__)
T = TypeVar("T")
SOCKET_SECONDS = 0.1


class RateWindows:
    """Sliding windows shared by all processes through Redis; each process counts alone while Redis is down."""

    def __init__(self, redis_url: str, breaker: Breaker):
        self._breaker = breaker
        self._local = MovingWindowRateLimiter(MemoryStorage())
        self._shared = MovingWindowRateLimiter(_redis(redis_url)) if redis_url else None

    def hit(self, name: str, key: str, count: int, seconds: int, *, ledger: str = LIVE) -> None:
        """Count one event of `key`, which must not be a whole destination; a `count` of 0 means no limit.

        Every ledger has windows of its own. Raises LimitExceeded where the window has no room for it.
        """
        if not self.hit_shared(name, key, count, seconds, ledger=ledger):
            _hit(self._local, name, key, count, seconds, ledger)

    def hit_shared(self, name: str, key: str, count: int, seconds: int, *, ledger: str = LIVE) -> bool:
        """Do the same in Redis only; return False where it is away, so that the caller counts elsewhere."""
        if count == 0:
            return True
        if self._shared is None or self._breaker.is_open:
            return False
        try:
            _hit(self._shared, name, key, count, seconds, ledger)
        except (RedisError, StorageError, OSError) as error:
            self._tripped(error)
            return False
        return True

    def used_shared(self, name: str, key: str, count: int, seconds: int) -> int | None:
        """Return how many events a window of the live ledger holds in Redis; None where that is away."""
        if self._shared is None or self._breaker.is_open:
            return None
        item = RateLimitItemPerSecond(count, seconds, namespace="limit")
        try:
            return count - self._shared.get_window_stats(item, name, key).remaining
        except (RedisError, StorageError, OSError) as error:
            self._tripped(error)
            return None

    def ensure_room(self, name: str, key: str, count: int, seconds: int) -> None:
        """Raise LimitExceeded where one more event would be too many, without counting it."""
        if count == 0:
            return
        item = RateLimitItemPerSecond(count, seconds, namespace="limit")
        if not self._ask(lambda limiter: limiter.test(item, name, key)):
            reset_at = self._ask(lambda limiter: limiter.get_window_stats(item, name, key)).reset_time
            raise LimitExceeded(name, max(1, math.ceil(reset_at - time.time())), who=key)

    def _ask(self, question: Callable[[MovingWindowRateLimiter], T]) -> T:
        if self._shared is not None and not self._breaker.is_open:
            try:
                return question(self._shared)
            except (RedisError, StorageError, OSError) as error:
                self._tripped(error)
        return question(self._local)

    def _tripped(self, error: Exception) -> None:
        self._breaker.trip()
        log.warning("limits are counted without Redis for now: %s", type(error).__name__)


def _hit(
    limiter: MovingWindowRateLimiter, name: str, key: str, count: int, seconds: int, ledger: str
) -> None:
    if count == 0:
        return
    item = RateLimitItemPerSecond(count, seconds, namespace="limit")
    whose = (name, key) if ledger == LIVE else (name, ledger, key)
    if not limiter.hit(item, *whose):
        reset_at = limiter.get_window_stats(item, *whose).reset_time
        raise LimitExceeded(name, max(1, math.ceil(reset_at - time.time())), who=key)


class _Storage(RedisStorage):
    """Loads redis-py alone: the library would load every installed client, whichever one the URL needs."""

    DEPENDENCIES = {"redis": RedisStorage.DEPENDENCIES["redis"]}  # noqa: RUF012 - as the library has it


def _redis(url: str) -> Storage:
    try:
        return _Storage(
            url,
            key_prefix="sendcode",
            socket_timeout=SOCKET_SECONDS,
            socket_connect_timeout=SOCKET_SECONDS,
        )
    except ValueError:  # its text may hold the URL, and the URL a password
        raise ConfigurationError("REDIS_URL is not a Redis URL") from None

"""A circuit breaker for each gateway, shared by all workers through Redis; without Redis each worker keeps its own.

It opens after 5 failures in 30 s, lets one probe through every 15 s, and closes on the first success.
"""

import logging
import time
from collections import defaultdict, deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from redis import Redis
from redis.exceptions import RedisError

from services.process.breaker import Breaker

log = logging.getLogger(__name__)
T = TypeVar("T")
FAILURES = 5
WINDOW_SECONDS = 30
PROBE_SECONDS = 15
SNAPSHOT_SECONDS = 0.5
SOCKET_SECONDS = 0.1


class Health(Protocol):
    """Where failures are counted."""

    def failed(self, name: str) -> bool:
        """Note a failure; tell whether the breaker is open now."""

    def succeeded(self, name: str) -> None:
        """Close the breaker."""

    def is_open(self, name: str) -> bool:
        """Tell whether the gateway should be left alone."""

    def take_probe(self, name: str) -> bool:
        """Take the right to one probe of an open gateway, if nobody has it."""

    def probe_in(self, name: str) -> float:
        """Return in how many seconds an open gateway may be probed again."""

    def open_since(self, name: str) -> datetime | None:
        """Return when the breaker of an open gateway opened, where that is known."""


class LocalHealth:
    """The breakers of this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._failures: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=FAILURES))
        self._next_probe: dict[str, float] = {}

    def failed(self, name: str) -> bool:
        """Note a failure; tell whether the breaker is open now."""
        now = self._clock()
        failures = self._failures[name]
        failures.append(now)
        if len(failures) == FAILURES and now - failures[0] <= WINDOW_SECONDS:
            self._next_probe.setdefault(name, now + PROBE_SECONDS)
        return self.is_open(name)

    def succeeded(self, name: str) -> None:
        """Close the breaker."""
        self._failures.pop(name, None)
        self._next_probe.pop(name, None)

    def is_open(self, name: str) -> bool:
        """Tell whether the gateway should be left alone."""
        return name in self._next_probe

    def take_probe(self, name: str) -> bool:
        """Take the right to one probe of an open gateway, if it is time for one."""
        now = self._clock()
        if now < self._next_probe.get(name, now + 1):
            return False
        self._next_probe[name] = now + PROBE_SECONDS
        return True

    def probe_in(self, name: str) -> float:
        """Return in how many seconds an open gateway may be probed again."""
        now = self._clock()
        return max(0.0, self._next_probe.get(name, now) - now)

    def open_since(self, name: str) -> datetime | None:
        """Return None: no page shows the breakers of one process."""
        return None


class SharedHealth:
    """The breakers of all processes. Their state is read at most twice a second, so that sends do not wait for it."""

    def __init__(self, redis: "Redis", clock: Callable[[], float] = time.monotonic):
        self._redis = redis
        self._clock = clock
        self._open: dict[str, tuple[float, bool]] = {}

    def failed(self, name: str) -> bool:
        """Note a failure; tell whether the breaker is open now."""
        with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.incr(_key(name, "failures"))
            pipeline.expire(_key(name, "failures"), WINDOW_SECONDS, nx=True)
            failures = int(pipeline.execute()[0])
        if failures >= FAILURES and self._redis.set(_key(name, "open"), int(time.time()), nx=True):
            self._redis.set(_key(name, "probe"), 1, nx=True, ex=PROBE_SECONDS)
        self._open.pop(name, None)
        return self.is_open(name)

    def succeeded(self, name: str) -> None:
        """Close the breaker."""
        if self.is_open(name):
            self._redis.delete(*(_key(name, part) for part in ("failures", "open", "probe")))
            self._open.pop(name, None)

    def is_open(self, name: str) -> bool:
        """Tell whether the gateway should be left alone."""
        read_at, is_open = self._open.get(name, (-SNAPSHOT_SECONDS, False))
        now = self._clock()
        if now - read_at >= SNAPSHOT_SECONDS:
            is_open = bool(self._redis.exists(_key(name, "open")))
            self._open[name] = (now, is_open)
        return is_open

    def take_probe(self, name: str) -> bool:
        """Take the right to one probe of an open gateway, if nobody has it."""
        return bool(self._redis.set(_key(name, "probe"), 1, nx=True, ex=PROBE_SECONDS))

    def probe_in(self, name: str) -> float:
        """Return in how many seconds an open gateway may be probed again."""
        left = self._redis.pttl(_key(name, "probe"))
        return max(0.0, int(left) / 1000)

    def open_since(self, name: str) -> datetime | None:
        """Return when the breaker of an open gateway opened; None where a worker of an older release opened it."""
        seconds = int(self._redis.get(_key(name, "open")) or 0)
        return datetime.fromtimestamp(seconds, UTC) if seconds > 1 else None


class GatewayHealth:
    """Asks the shared breakers, and those of this process while Redis is unreachable."""

    def __init__(self, redis_url: str, redis_breaker: Breaker):
        self._redis_breaker = redis_breaker
        self._local: Health = LocalHealth()
        self._shared: Health | None = SharedHealth(_connect(redis_url)) if redis_url else None

    def tells_of_all(self, name: str) -> bool | None:
        """Tell whether the shared breaker of a gateway is open; None where each worker keeps its own."""
        return self._ask_shared(lambda health: health.is_open(name))

    def is_blind(self) -> bool:
        """Tell whether the shared breakers can't be reached just now."""
        return self._shared is not None and self._redis_breaker.is_open

    def probe_in(self, name: str) -> float | None:
        """Return in how many seconds the shared breaker of a gateway lets a message through; None if it is not open."""
        return self._ask_shared(lambda health: health.probe_in(name)) if self.tells_of_all(name) else None

    def open_since(self, name: str) -> datetime | None:
        """Return when the shared breaker of a gateway opened; None if it is not open, or that is not known."""
        return self._ask_shared(lambda health: health.open_since(name)) if self.tells_of_all(name) else None

    def failed(self, name: str) -> None:
        """Note that a gateway failed to take a message it should have taken."""
        was_open, is_open = self._local.is_open(name), self._local.failed(name)
        shared = self._ask_shared(lambda health: health.failed(name))
        if (is_open if shared is None else shared) and not was_open:
            log.warning("gateway %s fails: its circuit breaker is open, others are asked first", name)

    def succeeded(self, name: str) -> None:
        """Note that a gateway works."""
        if self._local.is_open(name):
            log.info("gateway %s works again", name)
        self._local.succeeded(name)
        self._ask_shared(lambda health: health.succeeded(name))

    def is_open(self, name: str) -> bool:
        """Tell whether a gateway should be left alone."""
        return self._ask(lambda health: health.is_open(name))

    def take_probe(self, name: str) -> bool:
        """Take the right to try an open gateway with one message."""
        return self._ask(lambda health: health.take_probe(name))

    def _ask(self, question: Callable[[Health], bool]) -> bool:
        answer = self._ask_shared(question)
        return question(self._local) if answer is None else answer

    def _ask_shared(self, question: Callable[[Health], T]) -> T | None:
        """Ask the shared breakers; return None where they can't be reached."""
        if self._shared is not None and not self._redis_breaker.is_open:
            try:
                return question(self._shared)
            except (RedisError, OSError) as error:
                self._redis_breaker.trip()
                log.warning("Redis fails, circuit breakers are local for now: %s", type(error).__name__)
        return None


def _connect(url: str) -> "Redis":
    return Redis.from_url(url, socket_timeout=SOCKET_SECONDS, socket_connect_timeout=SOCKET_SECONDS)


def _key(name: str, part: str) -> str:
    return f"sendcode:gateway:{name}:{part}"

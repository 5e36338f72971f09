"""What the code tells about its own work as it goes on. It goes nowhere, unless TELEMETRY is on: services/telemetry."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

TRACEPARENT_LENGTH = 55
"""Of a `traceparent` of version 00: https://www.w3.org/TR/trace-context/#traceparent-header"""
Ended = Callable[[str, str | None], None]
"""Takes the status of a message after a try, and the gateway that was asked last."""


class Try(NamedTuple):
    """One try to hand a message over; none of it is a destination or a text."""

    message_id: str
    channel: str
    number: int
    traceparent: str | None


class Gauge(NamedTuple):
    """One value of the whole installation at this moment."""

    name: str
    labels: Mapping[str, str]
    value: float


class Tracing:
    """Tells nobody: what there is while telemetry is off."""

    is_on = False

    def here(self) -> str | None:
        """Return this thread's place in its trace, as a `traceparent`."""
        return None

    def log_ids(self) -> Mapping[str, str]:
        """Return the `trace_id` and `span_id` of this thread's place."""
        return _NO_IDS

    def commit(self) -> AbstractContextManager[None]:
        """Surround a transaction, with the wait for its turn and for its commit."""
        return _NOTHING

    def claimed(self, lane: str, traceparents: Iterable[str | None], seconds: float) -> None:
        """Tell of a claim that has just ended, with the places where its messages were put into the outbox."""

    def sending(self, one: Try) -> AbstractContextManager[Ended]:
        """Surround one try of a message; it belongs to the trace of the request that made the message."""
        return _NO_END

    def asking(self, gateway: str, channel: str) -> AbstractContextManager[None]:
        """Surround one call of a gateway."""
        return _NOTHING

    def watch(self, look: Callable[[], Sequence[Gauge]]) -> None:
        """Let `look` be asked for the gauges from now on."""

    def reaches_collector(self, seconds: float) -> bool:
        """Tell whether the collector takes an empty batch of spans within that time."""
        return False

    def close(self) -> None:
        """Send what was not sent yet: this process ends."""


def _ended(_status: str, _gateway: str | None) -> None:
    pass


_NO_IDS: Mapping[str, str] = {}
_NOTHING = nullcontext(None)
_NO_END = nullcontext[Ended](_ended)
_OFF = Tracing()
_used = _OFF


def current() -> Tracing:
    """Return what this process tells its work to."""
    return _used


def use(tracing: Tracing = _OFF) -> None:
    """Tell everything to `tracing` from now on."""
    global _used
    _used = tracing

"""A gateway that only remembers messages: for tests, and for trying services without a provider."""

from collections import deque

from channels.gateway import Outgoing
from domain.gateway_errors import GatewayError
from domain.statuses import Channel


class MemoryGateway:
    """Accepts every message; the next sends raise what is in `failures`, one each."""

    def __init__(
        self,
        name: str = "memory",
        channel: Channel = Channel.SMS,
        *,
        weight: int = 100,
        countries: frozenset[str] = frozenset(),
    ):
        self.name = name
        self.channel = channel
        self.weight = weight
        self.countries = countries
        self.capacity: int | None = None
        self.type = "memory"
        self.rate = 0
        self.smtputf8 = False
        self.rate_seconds = 1
        self.sent: list[Outgoing] = []
        self.failures: deque[GatewayError] = deque()
        self.closed = False

    def send(self, outgoing: Outgoing) -> str | None:
        """Remember one message; return `<name>-<number>`."""
        if self.failures:
            raise self.failures.popleft()
        self.sent.append(outgoing)
        return f"{self.name}-{len(self.sent)}"

    def probe(self, seconds: float) -> str:
        """Raise what the next send would raise; connects to nothing."""
        if self.failures:
            raise self.failures[0]
        return "memory"

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True

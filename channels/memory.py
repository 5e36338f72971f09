"""A gateway that only remembers: for tests, and for trying services without a provider."""

from collections import deque

from channels.gateway import Outgoing
from domain.errors import GatewayError
from domain.statuses import Channel


class MemoryGateway:
    """Accept everything, except where `failures` says what the next sends raise."""

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
        """Reach nothing, or raise what the next send would."""
        if self.failures:
            raise self.failures[0]
        return "memory"

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True

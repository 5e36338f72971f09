"""`celery -A bench.noop_worker:celery worker`: the worker with gateways that accept everything and do nothing."""

from app import create_app
from channels.gateway import Outgoing
from channels.registry import Gateways
from domain.statuses import Channel
from services.process import parts


class NoOp:
    """A gateway whose provider takes no time; every message gets its own reference."""

    weight = 100
    countries: frozenset[str] = frozenset()
    capacity: int | None = None
    rate = 0

    def __init__(self, channel: Channel):
        self.name = f"noop-{channel}"
        self.channel = channel

    def send(self, outgoing: Outgoing) -> str:
        """Accept the message and return a reference."""
        return f"noop-{outgoing.id}"

    def probe(self, seconds: float) -> str:
        """Connect to nothing."""
        return self.name

    def close(self) -> None:
        """Do nothing: there is nothing to close."""


app = create_app(doors=())
parts.put(app, Gateways([NoOp(channel) for channel in Channel]))
celery = app.extensions["celery"]

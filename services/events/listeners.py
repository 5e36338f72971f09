"""Who wants to hear of events? Answered from endpoints read a quarter of a second ago, not with a query per event.

Where nobody listens, nothing else is done: no row is written and no data is gathered.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from domain.events import EventType, Listener
from exts import db
from models.webhook import Webhook
from services.process.freshness import Fresh
from services.process.parts import part
from services.storage.transactions import Writer

FRESH_SECONDS = 0.25
"""How much later, at most, another process knows of a new endpoint; its maker gets the answer after that."""
_webhooks = Webhook.__table__
_LISTENING = select(
    _webhooks.c.id, _webhooks.c.owner, _webhooks.c.types, _webhooks.c.created_at.label("since")
).where(_webhooks.c.is_on.is_(True))


def read(reader: Writer | None = None) -> tuple[Listener, ...]:
    """Return the endpoints that are switched on now."""
    rows = (reader or db.session()).execute(_LISTENING).all()
    return tuple(Listener(row.id, row.owner, frozenset(row.types or ()), row.since) for row in rows)


class Listeners(Fresh[tuple[Listener, ...]]):
    """The endpoints that are switched on, read at most every `seconds`."""

    def __init__(self, seconds: float = FRESH_SECONDS):
        super().__init__(read, seconds)

    def of(self, reader: Writer) -> tuple[Listener, ...]:
        """Return them; `reader` is the caller's connection: waiting for a second one could deadlock the pool."""
        return self.get(lambda: read(reader))


def listening(reader: Writer) -> tuple[Listener, ...]:
    """Return who listens, in a request or a task."""
    return part(Listeners).of(reader)


def any_wants(listeners: Sequence[Listener], kinds: Iterable[EventType]) -> bool:
    """Tell whether somebody wants one of these types, whoever owns the event."""
    return bool(listeners) and any(one.wants(kind) for kind in kinds for one in listeners)

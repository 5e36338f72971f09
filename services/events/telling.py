"""The outbox of events: the event, and one delivery for each endpoint that wants it, in the caller's transaction."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, update

from domain.codes import new_id
from domain.events import MOST_DATA_BYTES, EventType, Listener
from domain.statuses import DeliveryStatus, MessageStatus
from models.webhook import Event, EventDelivery
from services.storage.prepared import Prepared
from services.storage.transactions import Writer, change

log = logging.getLogger(__name__)
Ends = Mapping[str, tuple[MessageStatus, datetime]]
"""By message: the status that a transaction settled it with, and its `settled_at`."""
WEBHOOK = "webhook"
"""The usual kind of delivery: Standard Webhooks."""
_events, _deliveries = Event.__table__, EventDelivery.__table__
_NEW_EVENT, _NEW_DELIVERY = Prepared(insert(_events)), Prepared(insert(_deliveries))


@dataclass(frozen=True, slots=True)
class News:
    """One event: whose doing it is, what it is about, and `data`, which must hold no code."""

    type: EventType
    subject: str
    data: Mapping[str, Any] = field(repr=False)
    owners: Sequence[str] = ()
    id: str = field(default_factory=new_id)


def tell(
    writer: Writer,
    listeners: Sequence[Listener],
    news: Sequence[News],
    now: datetime,
    *,
    due_at: datetime | None = None,
) -> None:
    """Write events for those who want them, two statements whatever their number; the caller commits.

    `due_at`: when to post them; None: at once.
    """
    heard = [(one, [to for to in listeners if to.hears(one.type, one.owners)]) for one in news]
    events = [event_row(one.id, one.type, one.subject, one.data, now) for one, to in heard if to]
    if not events:
        return
    _NEW_EVENT.run(writer, events)
    deliveries = [delivery_row(one.id, to.id, now, due_at=due_at) for one, all_of in heard for to in all_of]
    _NEW_DELIVERY.run(writer, deliveries)


def event_row(id: str, kind: str, subject: str, data: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Return the row of an event; of data that is larger than a payload may be, only what identifies it."""
    text = _json(data)
    if len(text) > MOST_DATA_BYTES // 4 and len(text.encode()) > MOST_DATA_BYTES:
        log.warning("the data of an event %s was too large, it tells only what it is about", kind)
        text = _json({name: data[name] for name in ("id", "channel", "status") if name in data})
    return {"id": id, "type": str(kind), "subject": subject, "data": text, "at": at}


def _json(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def delivery_row(
    event_id: str,
    webhook_id: str | None,
    now: datetime,
    *,
    kind: str = WEBHOOK,
    url: str | None = None,
    due_at: datetime | None = None,
) -> dict[str, Any]:
    """Return the row of a delivery: to an endpoint, or for another kind to a URL of its own."""
    return {
        "id": new_id(),
        "event_id": event_id,
        "webhook_id": webhook_id,
        "kind": kind,
        "url": url,
        "status": DeliveryStatus.WAITING.value,
        "tries": 0,
        "due_at": due_at or now,
        "created_at": now,
    }


def put(writer: Writer, event: Mapping[str, Any], deliveries: Sequence[Mapping[str, Any]]) -> None:
    """Write one event for certain receivers, whoever else listens; the caller commits."""
    _NEW_EVENT.run(writer, [event])
    _NEW_DELIVERY.run(writer, deliveries)


def hasten(writer: Writer, event_id: str, now: datetime) -> None:
    """Post an event now that was written ahead of time; the caller commits."""
    change(writer, update(_deliveries).where(_deliveries.c.event_id == event_id).values(due_at=now))


def withdraw(writer: Writer, event_id: str) -> None:
    """Delete an event that was written ahead of time and has not happened; the caller commits."""
    change(writer, delete(_deliveries).where(_deliveries.c.event_id == event_id))
    change(writer, delete(_events).where(_events.c.id == event_id))

"""What was posted to an endpoint and how it answered; post it again; post a test."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from domain.actions import Action
from domain.codes import new_id
from domain.errors import Conflict, NotFound
from domain.events import TEST
from domain.statuses import DeliveryStatus
from exts import db
from models.webhook import Event, EventDelivery
from services.audit import trail
from services.audit.trail import COMMAND_LINE, Actor
from services.events import telling
from services.storage import keyset
from services.storage.keyset import Place
from services.storage.transactions import change, transaction
from services.webhooks import endpoints
from services.webhooks.endpoint_views import view

BLOCK = 1000
MOST = 10_000
"""Deliveries of one replay."""


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One event for one endpoint."""

    id: str
    event_id: str
    type: str
    status: DeliveryStatus
    tries: int
    answer_status: int | None
    answer: str | None
    error: str | None
    took_ms: int | None
    tried_at: datetime | None
    next_try_at: datetime | None
    created_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, newest first; `next_cursor` is None on the last."""

    deliveries: list[DeliveryView]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Range:
    """Which deliveries to post again: one, or those made in a time; all that were kept where nothing is given."""

    delivery: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    failed_only: bool = False


def page(
    webhook_id: str,
    *,
    status: DeliveryStatus | None = None,
    limit: int = 50,
    cursor: str | None = None,
    owner: str | None = None,
) -> Page:
    """Return the next `limit` deliveries of an endpoint; raises NotFound, and InvalidInput for an invalid cursor."""
    endpoints.owned(db.session(), webhook_id, owner)
    wanted = _rows().where(EventDelivery.webhook_id == webhook_id)
    if status is not None:
        wanted = wanted.where(EventDelivery.status == status.value)
    if cursor is not None:
        wanted = wanted.where(keyset.after(keyset.read(cursor), EventDelivery.created_at, EventDelivery.id))
    newest_first = (EventDelivery.created_at.desc(), EventDelivery.id.desc())
    rows = db.session.execute(wanted.order_by(*newest_first).limit(limit + 1)).all()
    last = rows[limit - 1].EventDelivery if len(rows) > limit else None
    return Page(
        [_view(row.EventDelivery, row.type) for row in rows[:limit]],
        keyset.write(Place(last.created_at, last.id)) if last else None,
    )


def replay(webhook_id: str, chosen: Range, *, owner: str | None = None, by: Actor = COMMAND_LINE) -> int:
    """Post again, with the same ids, and return how many; the newest `MOST` at most.

    Those that wait anyway are posted now. Raises NotFound, and Conflict while the endpoint is switched off.
    """
    row = endpoints.owned(db.session(), webhook_id, owner)
    if not row.is_on:
        raise Conflict("the webhook is switched off")
    ids = _ids(webhook_id, chosen)
    if chosen.delivery is not None and not ids:
        raise NotFound("no such delivery")
    host = view(row).host
    blocks = [ids[first : first + BLOCK] for first in range(0, len(ids), BLOCK)]
    return sum(_replay(webhook_id, host, block, by) for block in blocks)


def _replay(webhook_id: str, host: str, ids: Sequence[str], by: Actor) -> int:
    def work(session: Session) -> int:
        again = {
            "status": DeliveryStatus.WAITING.value,
            "tries": 0,
            "due_at": datetime.now(UTC),
            "settled_at": None,
        }
        free = (EventDelivery.id.in_(ids), EventDelivery.status != DeliveryStatus.SENDING.value)
        count = change(session, update(EventDelivery).where(*free).values(**again))
        told = {"deliveries": count}
        trail.note(session, by, Action.WEBHOOK_REPLAYED, host, subject_id=webhook_id, after=told)
        return count

    return transaction(work)


def _ids(webhook_id: str, chosen: Range) -> list[str]:
    which: list[ColumnElement[bool]] = [EventDelivery.webhook_id == webhook_id]
    if chosen.delivery is not None:
        which.append(EventDelivery.id == chosen.delivery)
    if chosen.since is not None:
        which.append(EventDelivery.created_at >= chosen.since)
    if chosen.until is not None:
        which.append(EventDelivery.created_at <= chosen.until)
    if chosen.failed_only:
        which.append(EventDelivery.status == DeliveryStatus.FAILED.value)
    newest = select(EventDelivery.id).where(*which).order_by(EventDelivery.created_at.desc()).limit(MOST)
    return list(db.session.scalars(newest))


def send_test(webhook_id: str, *, owner: str | None = None, by: Actor = COMMAND_LINE) -> DeliveryView:
    """Post a test to one endpoint, whatever its list says; raises NotFound, and Conflict while it is switched off."""

    def work(session: Session) -> DeliveryView:
        row, now = endpoints.owned(session, webhook_id, owner), datetime.now(UTC)
        if not row.is_on:
            raise Conflict("the webhook is switched off")
        shown = view(row)
        event = telling.event_row(new_id(), TEST, row.id, {"webhook": {"id": row.id}}, now)
        delivery = telling.delivery_row(event["id"], row.id, now)
        telling.put(session, event, [delivery])
        trail.note(session, by, Action.WEBHOOK_TESTED, shown.host, subject_id=row.id)
        return _view(EventDelivery(**delivery), TEST)

    return transaction(work)


def get(webhook_id: str, delivery_id: str, *, owner: str | None = None) -> DeliveryView:
    """Return one delivery of an endpoint; raises NotFound."""
    endpoints.owned(db.session(), webhook_id, owner)
    this = (EventDelivery.webhook_id == webhook_id, EventDelivery.id == delivery_id)
    row = db.session.execute(_rows().where(*this)).one_or_none()
    if row is None:
        raise NotFound("no such delivery")
    return _view(row.EventDelivery, row.type)


def _rows() -> Any:
    join = select(EventDelivery, Event.type).join(Event, Event.id == EventDelivery.event_id)
    return join.execution_options(populate_existing=True)


def _view(row: EventDelivery, kind: str) -> DeliveryView:
    return DeliveryView(
        id=row.id,
        event_id=row.event_id,
        type=kind,
        status=DeliveryStatus(row.status),
        tries=row.tries,
        answer_status=row.answer_status,
        answer=row.answer,
        error=row.error,
        took_ms=row.took_ms,
        tried_at=row.tried_at,
        next_try_at=row.due_at if row.status == DeliveryStatus.WAITING else None,
        created_at=row.created_at,
        settled_at=row.settled_at,
    )

"""The endpoints of programs: make, list, edit, rotate, switch, remove."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from domain.actions import Action
from domain.codes import new_id
from domain.errors import Conflict, NotFound
from domain.events import INSTALLATION, check_types
from domain.keyring import Keyring
from exts import db
from models.webhook import EventDelivery, Webhook
from services.audit import trail
from services.audit.trail import COMMAND_LINE, Actor
from services.events.listeners import FRESH_SECONDS, Listeners
from services.process.parts import part
from services.storage import joint
from services.storage.transactions import change, transaction
from services.webhooks import claims, signing
from services.webhooks.endpoint_views import (
    GAVE_UP,
    EndpointView,
    check_description,
    check_url,
    host_of,
    view,
)

OVERLAP = timedelta(hours=24)
"""For how long the old secret signs, too, after a rotation."""
MOST_OF_ONE = 50
"""Endpoints of one owner: each event is a row for each of them."""
UNCHANGED: Any = object()


@dataclass(frozen=True, slots=True)
class Made:
    """An endpoint with the secret that was made for it, which is never shown again."""

    endpoint: EndpointView
    secret: str = field(repr=False)


def create(
    url: str,
    *,
    events: Iterable[str] | None = None,
    description: str | None = None,
    owner: str = INSTALLATION,
    by: Actor = COMMAND_LINE,
) -> Made:
    """Make an endpoint; when this returns, every process knows of it. Raises InvalidInput and Conflict."""
    secret, row_id = signing.new_secret(), new_id()
    row = Webhook(
        id=row_id,
        owner=owner,
        url=check_url(url),
        description=check_description(description),
        types=check_types(events),
        sealed=signing.seal(part(Keyring), row_id, [secret]),
        is_on=True,
        created_at=datetime.now(UTC),
    )

    def work(session: Session) -> EndpointView:
        theirs = select(func.count()).select_from(Webhook).where(Webhook.owner == owner)
        if (session.scalar(theirs) or 0) >= MOST_OF_ONE:
            raise Conflict(f"there are {MOST_OF_ONE} webhooks already, the most that a key may have")
        session.add(row)
        session.flush()
        made = {"host": host_of(row.url), "events": row.types, "owner": owner}
        trail.note(session, by, Action.WEBHOOK_ADDED, host_of(row.url), subject_id=row.id, after=made)
        return view(row)

    made = transaction(work)
    _spread()
    return Made(made, secret.text)


def list_all(owner: str | None = None) -> list[EndpointView]:
    """Return the endpoints of an owner, or of all, newest first."""
    wanted = select(Webhook).order_by(Webhook.created_at.desc(), Webhook.id)
    if owner is not None:
        wanted = wanted.where(Webhook.owner == owner)
    return [view(row) for row in db.session.scalars(wanted.execution_options(populate_existing=True))]


def count_given_up() -> int:
    """Return how many endpoints were switched off by their own answers and not switched on again."""
    with db.engine.connect() as connection:  # the page's session may still hold objects that the page shows
        return connection.scalar(select(func.count()).where(Webhook.off_reason.in_(GAVE_UP))) or 0


def get(webhook_id: str, owner: str | None = None) -> EndpointView:
    """Return one endpoint; raises NotFound, also for one of another owner where `owner` is given."""
    return view(owned(db.session(), webhook_id, owner))


def edit(
    webhook_id: str,
    *,
    url: str = UNCHANGED,
    events: Iterable[str] | None = UNCHANGED,
    description: str | None = UNCHANGED,
    enabled: bool = UNCHANGED,
    owner: str | None = None,
    by: Actor = COMMAND_LINE,
) -> EndpointView:
    """Change what is given; raises NotFound and InvalidInput."""
    wanted: dict[str, Any] = {}
    if url is not UNCHANGED:
        wanted["url"] = check_url(url)
    if events is not UNCHANGED:
        wanted["types"] = check_types(events)
    if description is not UNCHANGED:
        wanted["description"] = check_description(description)

    def work(session: Session) -> EndpointView:
        row = owned(session, webhook_id, owner, lock=True)
        before = {name: getattr(row, name) for name in wanted}
        changed = {name: value for name, value in wanted.items() if value != before[name]}
        for name, value in changed.items():
            setattr(row, name, value)
        if changed:
            told = {"before": _told(before, changed), "after": _told(changed, changed)}
            trail.note(session, by, Action.WEBHOOK_EDITED, host_of(row.url), subject_id=row.id, **told)
        if enabled is not UNCHANGED:
            _switch(session, row, enabled, by)
        return view(row)

    edited = transaction(work)
    _spread()
    return edited


def _told(values: dict[str, Any], changed: Iterable[str]) -> dict[str, Any]:
    """Return what the audit may say: of a URL only its host."""
    return {
        "host" if name == "url" else "events" if name == "types" else name: host_of(values[name])
        if name == "url"
        else values[name]
        for name in changed
    }


def _switch(session: Session, row: Webhook, is_on: bool, by: Actor) -> None:
    if row.is_on == is_on:
        return
    now = datetime.now(UTC)
    row.is_on, row.failing_since = is_on, None
    row.off_reason, row.off_at = (None, None) if is_on else ("asked", now)
    if not is_on:
        session.flush()
        claims.give_up(session, row.id, now)
    action = Action.WEBHOOK_SWITCHED_ON if is_on else Action.WEBHOOK_SWITCHED_OFF
    trail.note(session, by, action, host_of(row.url), subject_id=row.id)


def rotate(
    webhook_id: str, *, overlap: timedelta = OVERLAP, owner: str | None = None, by: Actor = COMMAND_LINE
) -> Made:
    """Give an endpoint a new secret; the old ones sign as well until the overlap ends. Raises NotFound."""

    def work(session: Session) -> Made:
        row, now = owned(session, webhook_id, owner, lock=True), datetime.now(UTC)
        kept = signing.rotated(signing.opened(part(Keyring), row.id, row.sealed), now + overlap, now)
        row.sealed = signing.seal(part(Keyring), row.id, kept)
        told = {"overlap": str(overlap)}
        trail.note(session, by, Action.WEBHOOK_ROTATED, host_of(row.url), subject_id=row.id, after=told)
        return Made(view(row), kept[0].text)

    return transaction(work)


def remove(webhook_id: str, *, owner: str | None = None, by: Actor = COMMAND_LINE) -> None:
    """Remove an endpoint with its deliveries; raises NotFound."""

    def work(session: Session) -> None:
        row = owned(session, webhook_id, owner, lock=True)
        trail.note(session, by, Action.WEBHOOK_REMOVED, host_of(row.url), subject_id=row.id)
        session.delete(row)
        session.flush()
        change(session, delete(EventDelivery).where(EventDelivery.webhook_id == webhook_id))

    transaction(work)
    joint.after_commit(part(Listeners).forget)


def owned(session: Session, webhook_id: str, owner: str | None, *, lock: bool = False) -> Webhook:
    """Return the row of an endpoint, of this owner where one is given; raises NotFound."""
    row = session.get(Webhook, webhook_id, populate_existing=True, with_for_update=lock)
    if row is None or (owner is not None and row.owner != owner):
        raise NotFound("no such webhook")
    return row


def _spread() -> None:
    """Let every process know of a change before its maker is answered, so that nothing after that is missed."""
    joint.after_commit(partial(_wait, part(Listeners), time.sleep))


def _wait(listeners: Listeners, sleep: Callable[[float], None]) -> None:
    listeners.forget()
    sleep(FRESH_SECONDS)

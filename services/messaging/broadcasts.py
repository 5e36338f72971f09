"""Broadcasts: send one text to thousands of recipients; pause, resume and cancel."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from domain.actions import Action
from domain.codes import new_id
from domain.errors import Conflict
from domain.keyring import Keyring
from domain.owners import Owner
from domain.statuses import BroadcastStatus, Channel, Lane, MessageStatus, Priority
from models import Broadcast, Message, clock
from services import profiles
from services.audit import trail
from services.audit.trail import Actor
from services.limits import send_limits
from services.messaging import broadcast_rows, broadcast_views, notices, recipients
from services.messaging.broadcast_views import BroadcastView
from services.messaging.notices import Span
from services.messaging.recipients import Recipient, Rejected
from services.outbox import bulk_stops, contents, outbox
from services.outbox.bell import Bell
from services.outbox.contents import Content
from services.outbox.outbox import NewMessage, stop_values
from services.process.parts import part
from services.storage import joint
from services.storage.transactions import change, transaction
from services.templating.given import sent_by
from services.test_numbers import fixed_codes

log = logging.getLogger(__name__)
BLOCK = 1000
"""Rows of one INSERT."""
messages = Message.__table__


@dataclass(frozen=True, slots=True)
class Request:
    """A broadcast as the caller sent it; `recipients` are not validated yet."""

    channel: Channel
    recipients: Sequence[Any] = field(repr=False)
    template: str | None = None
    locale: str | None = None
    subject: str | None = field(default=None, repr=False)
    text: str | None = field(default=None, repr=False)
    html: str | None = field(default=None, repr=False)
    send_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The result of a call: the broadcast's id, how many recipients it accepted, and the rejected ones."""

    id: str
    accepted: int
    rejected: list[Rejected]


def start(request: Request, owner: Owner) -> Accepted:
    """Queue a message for each valid recipient, all in one transaction; return without waiting for the sends.

    Raises InvalidInput where the content is invalid, and LimitExceeded where the day's SMS budget is too small.
    """
    now, profile = clock.now(), profiles.of(owner)
    content = contents.check(
        request.channel,
        template=request.template,
        text=request.text,
        subject=request.subject,
        html=request.html,
        locale=request.locale or profile.locale,
    )
    span = notices.span(request.send_at, now)
    good, rejected = recipients.sort(content, request.recipients, profile.service_name)
    broadcast_id = new_id()
    row = broadcast_rows.row(broadcast_id, content, span, owner, now) | {
        "accepted": len(good),
        "rejected": len(rejected),
    }
    given = {"service": profile.service_name, **sent_by(profile.sender)}
    new = [_message(broadcast_id, one, content, span, owner, request.send_at, given) for one in good]
    if billed := fixed_codes.billed(new):
        send_limits.take_budget(billed, owner)
    rows = outbox.rows(part(Keyring), new, now)

    def work(session: Session) -> None:
        session.execute(insert(Broadcast), [row])
        for first in range(0, len(rows), BLOCK):
            session.execute(insert(messages), rows[first : first + BLOCK])

    transaction(work)
    joint.after_commit(partial(bulk_stops.catch_up, now))
    part(Bell).ring(Lane.BULK)
    log.info("broadcast %s to %s recipients is queued", broadcast_id, len(good))
    return Accepted(broadcast_id, len(good), rejected)


def _message(
    broadcast_id: str,
    one: Recipient,
    content: Content,
    span: Span,
    owner: Owner,
    send_at: datetime | None,
    given: Mapping[str, str],
) -> NewMessage:
    return fixed_codes.marked(
        NewMessage(
            owner=owner.id,
            destination=one.destination,
            template=content.template,
            template_version=content.template_version,
            locale=content.locale,
            params={**given, **one.params},
            priority=Priority.BULK,
            due_at=span.starts_at,
            send_at=send_at,
            deadline_at=span.deadline_at,
            broadcast_id=broadcast_id,
            keeps_content=True,
            segments=one.segments,
            is_test=owner.is_test,
        )
    )


def pause(broadcast_id: str, owner: Owner, *, by: Actor | None = None) -> BroadcastView:
    """Stop starting sends of a broadcast; messages that a worker has claimed are still sent.

    Raises NotFound, and Conflict where it is done or canceled.
    """

    def work(session: Session) -> BroadcastView:
        now = clock.now()
        row = _unfinished(session, broadcast_id, owner, now)
        if row.paused_at is None:
            row.paused_at = now
            session.flush()
            waiting = _change_waiting(session, broadcast_id, stop_values(None))
            _note(session, by, Action.BROADCAST_PAUSED, row, waiting)
        return broadcast_views.view(row, now)

    return transaction(work)


def resume(broadcast_id: str, owner: Owner, *, by: Actor | None = None) -> BroadcastView:
    """Continue with the messages that are left; the deadline moves by the length of the pause.

    Raises NotFound, and Conflict where it is done or canceled.
    """

    def work(session: Session) -> BroadcastView:
        now = clock.now()
        row = _unfinished(session, broadcast_id, owner, now)
        if row.paused_at is not None:
            row.deadline_at += max(now - row.paused_at, timedelta())
            row.paused_at = None
            session.flush()
            again = {"due_at": max(now, row.starts_at), "deadline_at": row.deadline_at}
            bulk_stops.stop_in(session, broadcast_id)
            waiting = _change_waiting(session, broadcast_id, again)
            _note(session, by, Action.BROADCAST_RESUMED, row, waiting)
        return broadcast_views.view(row, now)

    view = transaction(work)
    part(Bell).ring(Lane.BULK)
    return view


def cancel(broadcast_id: str, owner: Owner, *, by: Actor | None = None) -> BroadcastView:
    """Cancel the messages that no worker has claimed; canceling twice is allowed.

    Raises NotFound, and Conflict where everything is settled.
    """

    def work(session: Session) -> BroadcastView:
        now = clock.now()
        row = broadcast_views.owned(session, broadcast_id, owner, lock=True)
        if row.canceled_at is None:
            row = _unfinished(session, broadcast_id, owner, now)
            row.canceled_at, row.paused_at = now, None
            session.flush()
            waiting = _change_waiting(session, broadcast_id, stop_values(now))
            _note(session, by, Action.BROADCAST_CANCELED, row, waiting)
        return broadcast_views.view(row, now)

    return transaction(work)


def _change_waiting(session: Session, broadcast_id: str, values: Mapping[str, Any]) -> int:
    waiting = (messages.c.broadcast_id == broadcast_id, messages.c.status == MessageStatus.QUEUED.value)
    return change(session, update(messages).where(*waiting).values(**values))


def _note(session: Session, by: Actor | None, action: Action, row: Broadcast, waiting: int) -> None:
    """Write to the audit trail if an administrator acts; calls of API keys are not recorded there."""
    if by is not None:
        subject = row.template or row.id
        trail.note(session, by, action, subject, subject_id=row.id, after={"messages": waiting})


def _unfinished(session: Session, broadcast_id: str, owner: Owner, now: datetime) -> Broadcast:
    row = broadcast_views.owned(session, broadcast_id, owner, lock=True)
    status = broadcast_views.view(row, now).status
    if status in (BroadcastStatus.DONE, BroadcastStatus.CANCELED):
        raise Conflict(f"the broadcast is {status}")
    return row

"""Send, cancel and resend single messages (notices, not codes)."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from domain import destinations
from domain.actions import Action
from domain.destinations import mask
from domain.errors import Conflict, FieldProblem, InvalidInput, NotAgain
from domain.keyring import Keyring
from domain.owners import Owner
from domain.refusals import Refusal
from domain.statuses import Channel, MessageStatus, Priority
from exts import db
from models import Message, clock
from services import profiles, typed
from services.audit import trail
from services.audit.trail import Actor
from services.limits import send_limits
from services.messaging import copies, message_views, notices, status_callbacks
from services.messaging.message_views import MessageView
from services.outbox import contents, fitting, outbox
from services.outbox.bell import Bell
from services.outbox.contents import Content
from services.outbox.outbox import NewMessage
from services.process.parts import part
from services.storage.transactions import transaction
from services.templating.given import sent_by
from services.test_numbers import fixed_codes

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """A message as the caller sent it, not validated yet."""

    channel: Channel
    to: str = field(repr=False)
    template: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict, repr=False)
    locale: str | None = None
    subject: str | None = field(default=None, repr=False)
    text: str | None = field(default=None, repr=False)
    html: str | None = field(default=None, repr=False)
    send_at: datetime | None = None
    status_callback: str | None = field(default=None, repr=False)
    """Where a program that speaks Twilio's interface wants to be told of its status."""


def send(request: Request, owner: Owner, *, by: Actor | None = None) -> MessageView:
    """Queue a message; return without waiting for the send. `by` is an administrator who sends it, for the audit.

    Raises InvalidInput, InvalidDestination, CountryNotAllowed, and LimitExceeded for the day's SMS budget. The limits
    on codes do not count it, because a notice gives nobody a guess.
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
    params = all_params(request.params, content, profile.service_name)
    destination = typed.destination(request.channel, request.to)
    send_limits.ensure_country(destination)
    segments = fitting.fit(content, params)
    span = notices.span(request.send_at, now)
    callback = status_callbacks.check(request.status_callback) if request.status_callback else None
    message = fixed_codes.marked(
        NewMessage(
            owner=owner.id,
            destination=destination,
            template=content.template,
            template_version=content.template_version,
            locale=content.locale,
            params={
                **(params if content.template else contents.fill(content, params)),
                **sent_by(profile.sender),
            },
            priority=Priority.SINGLE,
            due_at=span.starts_at if callback is None else span.starts_at + status_callbacks.HEARD_AFTER,
            send_at=request.send_at,
            deadline_at=span.deadline_at,
            keeps_content=True,
            segments=segments,
            is_test=owner.is_test,
        )
    )
    return _put(message, now, callback=callback, by=by)


def all_params(given: Mapping[str, Any], content: Content, service: str) -> dict[str, str]:
    """Return the parameters of a message with those that we give; raises InvalidInput."""
    try:
        params = contents.check_params(given)
    except ValueError as error:
        raise InvalidInput(FieldProblem("params", str(error))) from None
    missing = contents.missing(content, params)
    if missing:
        raise InvalidInput(FieldProblem("params", f"lacks {', '.join(missing)}"))
    return {"service": service, "unsubscribe_url": "", **params}


def _put(
    message: NewMessage,
    now: datetime,
    *,
    copied: Message | None = None,
    callback: str | None = None,
    by: Actor | None = None,
) -> MessageView:
    if message.destination.channel is Channel.SMS:
        billed = [message.destination.country] * message.segments
        send_limits.take_budget(billed, Owner(message.owner, message.is_test))

    def work(session: Session) -> MessageView:
        outbox.put(session, part(Keyring), [message], now)
        if callback is not None:
            status_callbacks.put(session, message.id, callback)
        if copied is not None:
            outbox.mark_resent(session, copied.id, message.id)
            _note(session, by, Action.MESSAGE_RESENT, copied, {"message": message.id})
        row = message_views.owned(session, message.id, Owner(message.owner))
        if copied is None:
            _note(session, by, Action.MESSAGE_SENT, row, {"template": message.template})
        return message_views.view(row, now)

    view = transaction(work)
    part(Bell).ring(message.lane)
    log.info("message %s to %s is queued", view.id, destinations.mask(view.to), extra={"message_id": view.id})
    return view


def _note(session: Session, by: Actor | None, action: Action, row: Message, after: dict[str, Any]) -> None:
    """Write to the audit trail if an administrator acts; calls of API keys are not recorded there."""
    if by is not None:
        trail.note(session, by, action, mask(row.to), subject_id=row.id, after=after)


def cancel(message_id: str, owner: Owner, *, by: Actor | None = None) -> MessageView:
    """Cancel a message that no worker has claimed; canceling twice is allowed.

    Raises NotFound, and Conflict where it is too late or the message carries a code.
    """

    def work(session: Session) -> MessageView:
        now = clock.now()
        row = message_views.owned(session, message_id, owner)
        copies.refuse_codes(row)
        if outbox.cancel(session, message_id, now):
            _note(session, by, Action.MESSAGE_CANCELED, row, {})
        view = message_views.view(message_views.owned(session, message_id, owner), now)
        if view.status is not MessageStatus.CANCELED:
            raise Conflict(f"the message is {view.status}")
        return view

    return transaction(work)


def erase(message_id: str, owner: Owner) -> MessageView:
    """Erase what a settled message said, so that it can't be sent again; erasing twice is allowed.

    Raises NotFound, and Conflict where it is under way, carries a code, or is of a broadcast, which shares its text.
    """

    def work(session: Session) -> MessageView:
        now = clock.now()
        row = message_views.owned(session, message_id, owner)
        copies.refuse_codes(row)
        view = message_views.view(row, now)
        if view.result is None:
            raise NotAgain(Refusal.UNDER_WAY, f"the message is {view.status}")
        if row.broadcast_id is not None:
            raise Conflict("the text belongs to a broadcast")
        row.sealed, row.keeps_content = None, False
        return view

    return transaction(work)


def resend(message_id: str, owner: Owner, *, by: Actor | None = None) -> MessageView:
    """Send the content of a settled message again, as a new message to the same destination.

    Raises NotFound, LimitExceeded, and Conflict where it is still under way, its content is gone, or it belongs to a
    broadcast and the destination is suppressed.
    """
    now = clock.now()
    row = message_views.owned(db.session(), message_id, owner)
    return _put(copies.copy_of(row, now), now, copied=row, by=by)

"""Copies of messages, to be sent again: who may get one, and what it says."""

import json
from datetime import datetime

from flask import current_app

from domain import unsubscribe_links
from domain.destinations import Destination
from domain.errors import NotAgain
from domain.keyring import Keyring, Unreadable
from domain.refusals import Refusal
from domain.statuses import Channel, Priority
from exts import db
from models import Broadcast, Message
from services import typed
from services.limits import send_limits
from services.messaging import message_views, notices, suppressions
from services.outbox import contents
from services.outbox.outbox import NewMessage
from services.process.parts import part
from services.test_numbers import fixed_codes


def copy_of(row: Message, now: datetime) -> NewMessage:
    """Return a new message with the content of a settled one, to the same destination.

    Raises NotAgain and CountryNotAllowed.
    """
    refuse_codes(row)
    if message_views.view(row, now).result is None:
        raise NotAgain(Refusal.UNDER_WAY, f"the message is {row.status}")
    if row.priority == Priority.BULK and suppressions.find(Channel(row.channel), row.canonical):
        raise NotAgain(Refusal.SUPPRESSED, "the destination gets no broadcasts any more")
    destination = typed.kept(row.channel, row.to)
    send_limits.ensure_country(destination)
    return fixed_codes.marked(_copy(row, destination, now))


def _copy(row: Message, destination: Destination, now: datetime) -> NewMessage:
    span = notices.span(None, now)
    return NewMessage(
        owner=row.owner,
        destination=destination,
        template=row.template,
        template_version=row.template_version,
        locale=row.locale,
        params=_kept(row),
        priority=Priority(row.priority),
        deadline_at=span.deadline_at,
        keeps_content=True,
        segments=row.segments,
        is_test=row.is_test,
    )


def _kept(row: Message) -> dict[str, str]:
    """Return a message's parameters; the free text of a broadcast is filled in and becomes the message's own text."""
    keyring = part(Keyring)
    try:
        params: dict[str, str] = json.loads(keyring.open(row.sealed or b"", row=row.id))
        broadcast = db.session().get(Broadcast, row.broadcast_id) if row.broadcast_id else None
        if broadcast is None or broadcast.sealed is None:
            return params
        shared: dict[str, str] = json.loads(keyring.open(broadcast.sealed, row=broadcast.id))
    except Unreadable:
        raise NotAgain(Refusal.GONE, "what the message said is no longer kept") from None
    url = unsubscribe_links.link(
        keyring, current_app.config["PUBLIC_URL"], Channel(row.channel), row.canonical
    )
    return contents.fill_texts(shared, {"unsubscribe_url": url or "", **params})


def refuse_codes(row: Message) -> None:
    """Raise NotAgain for a message that carries a code."""
    if row.verification_id is not None or row.priority == Priority.CODE:
        raise NotAgain(Refusal.CODE, "the message carries a code: use its verification")

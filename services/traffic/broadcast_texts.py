"""What a broadcast says, before the values of its recipients are filled in."""

import json
from dataclasses import dataclass

from sqlalchemy import select

from domain.actions import Action
from domain.errors import NotFound
from domain.keyring import Keyring, Unreadable
from domain.statuses import Channel
from domain.template_keys import TextKey
from exts import db
from models import Broadcast, BroadcastPart, Message, TemplateVersion
from services.audit import trail
from services.audit.trail import Actor
from services.outbox import packed
from services.process.parts import part
from services.storage.transactions import transaction
from services.templating import template_views
from services.templating.templates import SHIPPED, source_of
from services.templating.text_sources import Source, shipped


@dataclass(frozen=True, slots=True)
class BroadcastText:
    """A text with its placeholders; `version` is that of a template: which text, and its number."""

    source: Source
    version: tuple[TextKey, int] | None = None


def of_template(broadcast_id: str) -> BroadcastText | None:
    """Return the text of a broadcast's template; None for an own text, or where no recipient is left to tell which."""
    row = db.session.get(Broadcast, broadcast_id)
    found = _chosen(broadcast_id) if row and row.template else None
    if row is None or row.template is None or found is None:
        return None
    locale, version_id = found
    if version_id is not None:
        version = db.session.get(TemplateVersion, version_id)
        return BroadcastText(source_of(version), template_views.named(version_id)) if version else None
    key = TextKey(row.template, Channel(row.channel), locale)
    file = shipped(key)
    return BroadcastText(file, (key, SHIPPED)) if file else None


def own(broadcast_id: str, *, by: Actor) -> BroadcastText | None:
    """Return the own text of a broadcast, and record that somebody read it; None where it has none to show.

    Raises NotFound.
    """
    row = db.session.get(Broadcast, broadcast_id)
    if row is None:
        raise NotFound("no such broadcast")
    if row.sealed is None:
        return None
    try:
        texts = json.loads(part(Keyring).open(row.sealed, row=row.id))
    except Unreadable:  # the key was removed
        return None
    subject = row.name or row.id
    transaction(
        lambda session: trail.note(session, by, Action.BROADCAST_TEXT_SHOWN, subject, subject_id=broadcast_id)
    )
    return BroadcastText(Source(**texts))


def _chosen(broadcast_id: str) -> tuple[str, int | None] | None:
    """Return the locale and the version that the messages have, or that those not made yet will have."""
    columns = (Message.locale, Message.template_version)
    made = db.session.execute(select(*columns).where(Message.broadcast_id == broadcast_id).limit(1)).first()
    if made is not None:
        return made.locale, made.template_version
    waits = db.session.scalar(
        select(BroadcastPart).where(BroadcastPart.broadcast_id == broadcast_id).limit(1)
    )
    if waits is None:
        return None
    try:
        shared = packed.opened(part(Keyring), waits).shared
    except Unreadable:
        return None
    return shared.locale, shared.template_version

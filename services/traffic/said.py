"""What a message said: the text of a code with the code masked, and the text of a notice to those who ask for it."""

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

from flask import current_app
from jinja2 import TemplateError

from domain import segments
from domain.actions import Action
from domain.destinations import mask
from domain.errors import NotFound
from domain.keyring import Keyring, Unreadable
from domain.owners import Owner
from domain.segments import Segments
from domain.statuses import Channel
from exts import db
from models import Broadcast, Message, Verification
from services import profiles
from services.audit import trail
from services.audit.trail import Actor
from services.delivery import composing
from services.process.parts import part
from services.storage.transactions import transaction
from services.templating.given import SENDER, code_params
from services.templating.mails import brands
from services.templating.mails.pages import Frame
from services.templating.text_versions import TextVersions
from services.templating.texts import Text
from services.templating.version import Version

HIDDEN = "•"
"""Stands for each character of a code. No page ever shows a code, not even to an owner: whoever reads it signs in."""


class _Written(NamedTuple):
    template: str | None
    locale: str
    broadcast_id: str | None
    shared: bytes | None


@dataclass(frozen=True, slots=True)
class Said:
    """A text as its recipient reads it; `segments` for an SMS."""

    text: Text
    segments: Segments | None


def of_code(message_id: str) -> Said | None:
    """Return the text around a code; None for a notice, and where the text can't be made any more."""
    row = db.session.get(Message, message_id)
    verification = db.session.get(Verification, row.verification_id) if row and row.verification_id else None
    if row is None or verification is None:
        return None
    profile = profiles.of(Owner(row.owner, row.is_test))
    hidden = HIDDEN * (verification.code_length or profile.code_length)
    life = verification.expires_at - row.created_at
    return _said(row, code_params(hidden, life, profile.service_name, profile.sender))


def notice(message_id: str, *, by: Actor) -> Said | None:
    """Return the text of a notice, and record that somebody read it; None where it was erased.

    Raises NotFound.
    """
    row = db.session.get(Message, message_id)
    if row is None:
        raise NotFound("no such message")
    if row.sealed is None or not row.keeps_content:
        return None
    try:
        params = json.loads(part(Keyring).open(row.sealed, row=row.id))
    except Unreadable:
        return None
    found = _said(row, params)
    told = mask(row.to)
    transaction(
        lambda session: trail.note(session, by, Action.MESSAGE_TEXT_SHOWN, told, subject_id=message_id)
    )
    return found


def _said(row: Message, params: dict[str, Any]) -> Said | None:
    channel = Channel(row.channel)
    values = {composing.UNSUBSCRIBE_URL: "", **{name: params[name] for name in params if name != SENDER}}
    written = _Written(row.template, row.locale, row.broadcast_id, _shared(row))
    try:
        text = composing.text_of(written, channel, values, part(Keyring), _version(row), _frame(row))
    except (TemplateError, Unreadable, KeyError):  # a key was removed, or a newer release has another text
        return None
    return Said(text, segments.count(text.text.replace(HIDDEN, "0")) if channel is Channel.SMS else None)


def _frame(row: Message) -> Frame:
    return Frame(brands.current(), row.locale, current_app.config["PUBLIC_URL"])


def _shared(row: Message) -> bytes | None:
    broadcast = db.session.get(Broadcast, row.broadcast_id) if row.broadcast_id else None
    return broadcast.sealed if broadcast else None


def _version(row: Message) -> Version | None:
    if row.template_version is None:
        return None
    versions = part(TextVersions)
    versions.load(db.session(), [row.template_version])
    return versions[row.template_version]

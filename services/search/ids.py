"""Things found by an id: ours, one in Twilio's form, or the Message-ID of a mail."""

import re
from typing import Any

from sqlalchemy import ColumnElement, String, cast, literal, select, true, union

from domain.twilio_sids import ATTEMPT, MESSAGE, VERIFICATION
from exts import db
from models import ApiKey, Broadcast, EventDelivery, Hook, Message, Verification, Webhook
from services.search.hits import Hit, Kind

_OURS = re.compile(r"[0-9a-f]{32}")
_TWILIO = re.compile(rf"(?:{MESSAGE}|{VERIFICATION}|{ATTEMPT})([0-9a-f]{{32}})", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<?([0-9a-f]{32})@[^\s<>@]+>?")
_OF_ENDPOINT = Webhook.id == EventDelivery.webhook_id
_PLACES: tuple[tuple[Kind, Any, Any, Any, ColumnElement[bool]], ...] = (
    (Kind.MESSAGE, Message.id, Message.id, literal(""), true()),
    (Kind.VERIFICATION, Verification.id, Verification.id, literal(""), true()),
    (Kind.BROADCAST, Broadcast.id, Broadcast.id, Broadcast.name, true()),
    (Kind.KEY, ApiKey.id, ApiKey.id, ApiKey.name, true()),
    (Kind.WEBHOOK, Webhook.id, Webhook.id, Webhook.url, true()),
    (Kind.WEBHOOK, EventDelivery.event_id, Webhook.id, Webhook.url, _OF_ENDPOINT),
    (Kind.WEBHOOK, EventDelivery.id, Webhook.id, Webhook.url, _OF_ENDPOINT),
    (Kind.HOOK, Hook.id, Hook.id, Hook.name, Hook.removed_at.is_(None)),
)
"""Where an id may be, and the id and the name of the thing that is shown: of an event and its delivery the endpoint."""


def id_in(text: str) -> str | None:
    """Return the id that a text is, None where it is none."""
    if _OURS.fullmatch(text):
        return text
    found = _TWILIO.fullmatch(text) or _MESSAGE_ID.fullmatch(text)
    return found[1].lower() if found else None


def of_id(id: str) -> list[Hit]:
    """Return what has this id, in one statement that reads an index entry of each table."""
    asked = [
        select(
            literal(kind.value).label("kind"), shown.label("id"), cast(name, String(2048)).label("name")
        ).where(column == id, is_shown)
        for kind, column, shown, name, is_shown in _PLACES
    ]
    found = db.session.execute(union(*asked))
    return [Hit(Kind(row.kind), row.id, row.name or row.id) for row in found]

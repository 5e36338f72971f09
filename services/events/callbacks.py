"""Call-backs of single messages: written as deliveries of their own kind when a message gets its next status.

Their messages start a quarter of a second late, so that every worker knows by then that somebody wants to be told.
"""

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from domain.codes import new_id
from domain.statuses import SecretKind
from exts import db
from models.api_key import ApiKey, ApiKeySecret
from models.message import Message
from models.status_callback import StatusCallback
from services.events import telling
from services.events.listeners import FRESH_SECONDS
from services.process.freshness import Fresh
from services.storage.transactions import Writer

STATUS = "status"
"""The kind of these deliveries."""
SEALED_URL = "sealed"
"""What stands for the address in the row of a delivery: it may have a password in it."""
_ANY = select(StatusCallback.message_id).limit(1)
_WANTED = select(
    *(StatusCallback.message_id, StatusCallback.sealed_url),
    *(Message.owner, Message.to, Message.status, Message.settled_at),
).join(Message, Message.id == StatusCallback.message_id)


def read(reader: Writer | None = None) -> bool:
    """Tell whether any message has a call-back."""
    return (reader or db.session()).execute(_ANY).first() is not None


class Callbacks(Fresh[bool]):
    """Whether there are call-backs at all, read at most every `seconds`."""

    def __init__(self, seconds: float = FRESH_SECONDS):
        super().__init__(read, seconds)

    def of(self, reader: Writer) -> bool:
        """Return it; `reader` is the caller's connection."""
        return self.get(lambda: read(reader))


def tell(writer: Writer, ends: telling.Ends, ids: Sequence[str], now: datetime) -> None:
    """Write the call-backs of messages that this transaction has settled; the caller commits.

    Without a living token of its key a call-back can't be signed, and is left out.
    """
    found = writer.execute(_WANTED.where(StatusCallback.message_id.in_(ids))).all()
    rows = [row for row in found if (row.status, row.settled_at) == ends[row.message_id]]
    tokens = _tokens(writer, {row.owner.removeprefix("key:") for row in rows}) if rows else {}
    for row in rows:
        key_id = row.owner.removeprefix("key:")
        if key_id in tokens:
            sealed, sealed_for = tokens[key_id]
            told = {
                "message": row.message_id,
                "key": key_id,
                "to": row.to,
                "status": row.status,
                "url": _text(row.sealed_url),
                "token": _text(sealed),
                "token_for": sealed_for,
            }
            event = telling.event_row(new_id(), f"{STATUS}.{row.status}", row.message_id, told, now)
            delivery = telling.delivery_row(event["id"], None, now, kind=STATUS, url=SEALED_URL)
            telling.put(writer, event, [delivery])


def _tokens(writer: Writer, key_ids: set[str]) -> dict[str, tuple[bytes, str]]:
    """Return the newest sealed token of each key, and what it is sealed for."""
    newest_last = (
        select(ApiKeySecret.api_key_id, ApiKeySecret.sealed, ApiKeySecret.key_hash)
        .join(ApiKey, ApiKey.id == ApiKeySecret.api_key_id)
        .where(ApiKeySecret.api_key_id.in_(key_ids), ApiKey.revoked_at.is_(None))
        .where(ApiKeySecret.kind == SecretKind.TWILIO.value)
        .order_by(ApiKeySecret.id)
    )
    rows: Sequence[Any] = writer.execute(newest_last).all()
    return {row.api_key_id: (row.sealed, row.key_hash) for row in rows}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()

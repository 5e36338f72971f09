"""Messages, verifications and requests found by a reference, a destination or their id; destinations are masked."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from domain.destinations import Destination, mask
from domain.statuses import Channel
from exts import db
from models import ApiRequest, Message, Verification
from services.messaging.message_views import status_of
from services.search.hits import MOST, Hit, Kind


def of_reference(text: str) -> list[Hit]:
    """Return the messages for which a gateway gave this reference.

    Ordered here: ordered by the database, it would look through the newest messages instead of the index.
    """
    rows = db.session.execute(_SHOWN.where(Message.gateway_reference == text).limit(MOST)).all()
    return [_message(row) for row in sorted(rows, key=lambda row: row.created_at, reverse=True)]


def of_request(text: str) -> list[Hit]:
    """Return the requests of programs with this request id."""
    found = select(ApiRequest).where(ApiRequest.request_id == text).limit(MOST)
    return [
        Hit(Kind.REQUEST, text, f"{row.method} {row.path}", at=row.at, of_key=row.api_key_id)
        for row in db.session.scalars(found)
    ]


def of_destination(to: Destination, kinds: Collection[Kind]) -> list[Hit]:
    """Return the newest messages to a destination, and the verifications whose codes were in them."""
    newest = _SHOWN.where(Message.canonical == to.canonical)
    rows = db.session.execute(newest.order_by(Message.created_at.desc(), Message.id.desc()).limit(MOST)).all()
    found = [_message(row) for row in rows]
    ids = {row.verification_id for row in rows if row.verification_id}
    if ids and Kind.VERIFICATION in kinds:
        codes = select(Verification).where(Verification.id.in_(ids))
        found += map(_verification, db.session.scalars(codes.order_by(Verification.created_at.desc())))
    return found


_SHOWN = select(
    *(Message.id, Message.verification_id, Message.channel, Message.to, Message.status),
    *(Message.due_at, Message.deadline_at, Message.created_at),
)


def _message(row: Any) -> Hit:
    status = status_of(row, datetime.now(UTC))
    return Hit(Kind.MESSAGE, row.id, mask(row.to), Channel(row.channel), status, row.created_at)


def _verification(row: Verification) -> Hit:
    status = row.status(datetime.now(UTC))
    return Hit(Kind.VERIFICATION, row.id, mask(row.to), Channel(row.channel), status, row.created_at)

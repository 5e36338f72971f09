"""Recipients of a broadcast that wait in sealed parts of a thousand, until a worker makes messages of them.

A request of 100,000 recipients writes a hundred rows, and no click waits for it. Each part becomes messages in one
transaction that also deletes it: whatever is killed, each recipient has one message.
"""

import json
import logging
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, select
from sqlalchemy.orm import Session

from domain import destinations
from domain.destinations import Destination
from domain.keyring import Keyring
from domain.statuses import Channel, MessageStatus, Priority
from exts import db
from models import Broadcast, BroadcastPart, Message, Suppression, clock
from services.outbox import bulk_stops, outbox
from services.outbox.outbox import NewMessage
from services.storage.transactions import Writer, change, transaction

log = logging.getLogger(__name__)
SIZE = 1000
"""Recipients of one part."""
_PARTS_AT_ONCE = 10
"""Of one INSERT: a statement must fit into MariaDB's max_allowed_packet of 16 MiB."""
_ADDRESSES_AT_ONCE = 500
"""Of one SELECT: SQLite before 3.32 allows 999 values in all."""
messages = Message.__table__


@dataclass(frozen=True, slots=True)
class Shared:
    """What all recipients get: `given` are the parameters that the service adds."""

    locale: str
    template_version: int | None
    given: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ready:
    """A recipient who was checked; `row` is the number of its row in the file."""

    row: int
    to: str = field(repr=False)
    country: str | None
    segments: int
    params: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Part:
    """A part, opened."""

    shared: Shared
    ready: Sequence[Ready]


def pack(
    keyring: Keyring, channel: Channel, broadcast_id: str, number: int, shared: Shared, ready: Sequence[Ready]
) -> dict[str, Any]:
    """Return the row of a part."""
    rows = [(one.row, one.to, one.country, one.segments, one.params) for one in ready]
    said = [shared.locale, shared.template_version, shared.given, rows]
    segments: Counter[str] = Counter()
    if channel is Channel.SMS:
        for one in ready:
            segments[one.country or ""] += one.segments
    return {
        "broadcast_id": broadcast_id,
        "number": number,
        "recipients": len(ready),
        "segments": dict(segments),
        "sealed": seal(keyring, said, _name(broadcast_id, number)),
    }


def seal(keyring: Keyring, value: Any, row: str) -> bytes:
    """Return a JSON value, packed and sealed for one row."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return keyring.seal(zlib.compress(text, 1), row=row)


def unseal(keyring: Keyring, sealed: bytes, row: str) -> Any:
    """Return what was sealed for a row; raises Unreadable."""
    return json.loads(zlib.decompress(keyring.open(sealed, row=row)))


def opened(keyring: Keyring, row: BroadcastPart) -> Part:
    """Return a part with its recipients; raises Unreadable."""
    locale, version, given, rows = unseal(keyring, row.sealed, _name(row.broadcast_id, row.number))
    return Part(Shared(locale, version, given), [Ready(*one) for one in rows])


def _name(broadcast_id: str, number: int) -> str:
    return f"{broadcast_id}/{number}"


def put(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert parts; the caller commits."""
    for first in range(0, len(rows), _PARTS_AT_ONCE):
        session.execute(insert(BroadcastPart), list(rows[first : first + _PARTS_AT_ONCE]))


def drop(session: Session, broadcast_id: str) -> None:
    """Delete the parts of a draft; the caller commits."""
    change(session, delete(BroadcastPart).where(BroadcastPart.broadcast_id == broadcast_id))


def waiting(session: Session, broadcast_ids: Sequence[str]) -> dict[str, int]:
    """Return how many recipients of some broadcasts still wait, by id."""
    found = (
        select(BroadcastPart.broadcast_id, func.sum(BroadcastPart.recipients))
        .where(BroadcastPart.broadcast_id.in_(broadcast_ids))
        .group_by(BroadcastPart.broadcast_id)
    )
    return {id: int(count) for id, count in session.execute(found)}


def segments_waiting(
    reader: Writer, conditions: Sequence[ColumnElement[bool]]
) -> Sequence[Mapping[str, int]]:
    """Return the segments by country of each part that waits, of the broadcasts that meet some conditions."""
    found = select(BroadcastPart.segments).join(Broadcast, Broadcast.id == BroadcastPart.broadcast_id)
    return [row[0] for row in reader.execute(found.where(*conditions))]


def unpack(keyring: Keyring, mark: Callable[[NewMessage], NewMessage]) -> bool:
    """Make the messages of one part, if any waits; tell whether there was one. `mark` has the last word on each."""
    now, session = clock.now(), db.session()
    found = session.execute(
        select(BroadcastPart, Broadcast).join(Broadcast, Broadcast.id == BroadcastPart.broadcast_id).limit(1)
    ).first()
    if found is not None:
        waits, broadcast = found
        broadcast_id = waits.broadcast_id
        which = (BroadcastPart.broadcast_id == broadcast_id, BroadcastPart.number == waits.number)
        made = outbox.rows(keyring, [mark(one) for one in _messages(opened(keyring, waits), broadcast)], now)
    session.rollback()
    if found is None:
        return False

    def work(session: Session) -> None:
        held = session.get_one(Broadcast, broadcast_id, populate_existing=True, with_for_update=True)
        if change(session, delete(BroadcastPart).where(*which)) == 0:
            return  # another worker was faster
        gone = _suppressed(session, held.channel, [one["canonical"] for one in made])
        state, canceled = _state(held, now), {"deadline_at": held.deadline_at, **bulk_stops.canceled(now)}
        session.execute(
            insert(messages),
            [{"sealed": None, **one, **(canceled if one["canonical"] in gone else state)} for one in made],
        )

    transaction(work)
    bulk_stops.catch_up(now)
    return True


def _messages(opened: Part, broadcast: Broadcast) -> list[NewMessage]:
    shared, channel = opened.shared, Channel(broadcast.channel)
    is_planned = broadcast.starts_at > broadcast.created_at
    return [
        NewMessage(
            owner=broadcast.owner,
            destination=Destination(
                channel, one.to, canonical := destinations.canonical(one.to), canonical, one.country
            ),
            template=broadcast.template,
            template_version=shared.template_version,
            locale=shared.locale,
            params={**shared.given, **one.params},
            priority=Priority.BULK,
            send_at=broadcast.starts_at if is_planned else None,
            deadline_at=broadcast.deadline_at,
            broadcast_id=broadcast.id,
            keeps_content=True,
            segments=one.segments,
            is_test=broadcast.is_test,
        )
        for one in opened.ready
    ]


def _state(broadcast: Broadcast, now: datetime) -> dict[str, Any]:
    """Return what a pause or a cancellation that came first makes of the messages, else that they are due."""
    canceled_at, is_held = broadcast.canceled_at, broadcast.paused_at is not None
    return {
        "status": (MessageStatus.CANCELED if canceled_at else MessageStatus.QUEUED).value,
        "due_at": None if canceled_at or is_held else max(now, broadcast.starts_at),
        "deadline_at": broadcast.deadline_at,
        "settled_at": canceled_at,
        "error": None,
    }


def _suppressed(session: Session, channel: str, canonicals: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for first in range(0, len(canonicals), _ADDRESSES_AT_ONCE):
        block = canonicals[first : first + _ADDRESSES_AT_ONCE]
        listed = select(Suppression.canonical).where(Suppression.channel == channel)
        found.update(session.scalars(listed.where(Suppression.canonical.in_(block))))
    return found

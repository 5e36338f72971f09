"""Attempts to bring a code to somebody, one a message: was it the one whose code was entered?"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, case, func, select
from sqlalchemy.sql import ColumnElement

from domain.errors import NotFound
from domain.owners import Owner
from domain.statuses import Channel
from exts import db
from models import Message, Verification
from services import typed
from services.storage import keyset
from services.storage.keyset import Place

Rows = Select[*tuple[Any, ...]]
CONVERTED = and_(Verification.used_at.is_not(None), Verification.message_id == Message.id)
"""The code was entered after this message, the last one that carried it."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One message with a code, and whether it led to an approval."""

    id: str
    verification_id: str
    channel: str
    to: str = field(repr=False)
    country: str | None
    status: str
    is_converted: bool
    created_at: datetime
    changed_at: datetime
    """When the message settled, or was made."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which attempts to list; `since` and `until` include their own moment."""

    since: datetime | None = None
    until: datetime | None = None
    to: str | None = field(default=None, repr=False)
    country: str | None = None
    channel: Channel | None = None
    verification_id: str | None = None
    is_converted: bool | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, newest first; `next_cursor` is None on the last."""

    attempts: list[Attempt]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Summary:
    """How many attempts there were, and how many led to an approval."""

    total: int
    converted: int


def of_verification(verification_id: str) -> list[Attempt]:
    """Return the attempts of one verification, oldest first; those that the purge removed are missing."""
    wanted = select(*_COLUMNS).join(Verification, Verification.id == Message.verification_id)
    rows = db.session.execute(
        wanted.where(Message.verification_id == verification_id).order_by(Message.created_at, Message.id)
    ).all()
    return _attempts(rows)


def get(attempt_id: str, owner: Owner) -> Attempt:
    """Return one attempt of this owner; raises NotFound."""
    wanted = _filtered(select(*_COLUMNS), owner, Filter()).where(Message.id == attempt_id)
    found = _attempts(db.session.execute(wanted).all())
    if not found:
        raise NotFound("no such attempt")
    return found[0]


def page(owner: Owner, chosen: Filter, *, limit: int, cursor: str | None) -> Page:
    """Return the next `limit` attempts of this owner; raises InvalidInput for an invalid cursor."""
    statement = _filtered(select(*_COLUMNS), owner, chosen)
    if cursor is not None:
        statement = statement.where(keyset.after(keyset.read(cursor), Message.created_at, Message.id))
    newest_first = statement.order_by(Message.created_at.desc(), Message.id.desc()).limit(limit + 1)
    found = _attempts(db.session.execute(newest_first).all())
    last = found[limit - 1] if len(found) > limit else None
    return Page(found[:limit], keyset.write(Place(last.created_at, last.id)) if last else None)


def summary(owner: Owner, chosen: Filter) -> Summary:
    """Return the counts of this owner's attempts."""
    counted = select(func.count(), func.sum(case((CONVERTED, 1), else_=0)))
    total, converted = db.session.execute(_filtered(counted, owner, chosen)).one()
    return Summary(total, int(converted or 0))


_COLUMNS: tuple[Any, ...] = (
    *(Message.id, Message.verification_id, Message.channel, Message.to, Message.country, Message.status),
    *(Message.created_at, Message.settled_at, case((CONVERTED, 1), else_=0).label("converted")),
)


def _filtered(statement: Rows, owner: Owner, chosen: Filter) -> Rows:
    conditions: list[ColumnElement[bool] | None] = [
        Message.owner == owner.id,
        None if chosen.since is None else Message.created_at >= chosen.since,
        None if chosen.until is None else Message.created_at <= chosen.until,
        None if chosen.to is None else Message.canonical == typed.sought(chosen.to, chosen.channel).canonical,
        None if chosen.country is None else Message.country == chosen.country,
        None if chosen.channel is None else Message.channel == chosen.channel.value,
        None if chosen.verification_id is None else Message.verification_id == chosen.verification_id,
        None if chosen.is_converted is None else (CONVERTED if chosen.is_converted else ~CONVERTED),
    ]
    joined = statement.select_from(Message).join(Verification, Verification.id == Message.verification_id)
    return joined.where(*(one for one in conditions if one is not None))


def _attempts(rows: Sequence[Any]) -> list[Attempt]:
    return [
        Attempt(
            id=row.id,
            verification_id=row.verification_id,
            channel=row.channel,
            to=row.to,
            country=row.country,
            status=row.status,
            is_converted=bool(row.converted),
            created_at=row.created_at,
            changed_at=row.settled_at or row.created_at,
        )
        for row in rows
    ]

"""Keys of the programs that call the API: make, recognise, revoke."""

import hashlib
import logging
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from flask import current_app
from sqlalchemy import or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from domain.actions import Action
from domain.codes import new_id
from domain.errors import FieldProblem, InvalidInput, NotFound
from domain.purposes import has_control_characters
from exts import db
from models import ApiKey
from services import audit
from services.audit import COMMAND_LINE, Actor
from services.transactions import change, transaction

log = logging.getLogger(__name__)
LONGEST_NAME = 120
LONGEST_KEY = 128
HINT_LENGTH = 12
REMEMBER_SECONDS = 1.5
"""A revoked key works at most this long in other processes than the one that revoked it."""
MOST_REMEMBERED = 10_000
NOTE_USE_EVERY = timedelta(minutes=1)


class Scope(StrEnum):
    """What a key may do."""

    VERIFICATIONS = "verifications"
    MESSAGES = "messages"
    READ = "read"


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key as people may see it: never the key itself."""

    id: str
    name: str
    hint: str
    scopes: tuple[str, ...]
    is_test: bool
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeyOwner:
    """Who calls: the key's id and what it may do."""

    id: str
    scopes: frozenset[str]
    is_test: bool


@dataclass(frozen=True, slots=True)
class _Remembered:
    owner: KeyOwner
    until: float


@dataclass(frozen=True, slots=True)
class _Memory:
    """The keys that one application has just seen, by their hash."""

    keys: dict[str, _Remembered] = field(default_factory=dict)


def create(
    name: str, *, is_test: bool = False, scopes: Iterable[str] | None = None, by: Actor = COMMAND_LINE
) -> tuple[KeyView, str]:
    """Make a key; return its view and the key itself, which is kept nowhere and can't be shown again.

    Without `scopes` it may do everything. Raises InvalidInput.
    """
    trimmed = name.strip()
    if not 1 <= len(trimmed) <= LONGEST_NAME or has_control_characters(trimmed):
        raise InvalidInput(FieldProblem("name", f"must have 1 to {LONGEST_NAME} characters"))
    wanted = set(Scope if scopes is None else scopes)
    if not wanted or not wanted <= set(Scope):
        raise InvalidInput(FieldProblem("scopes", f"must be some of {', '.join(Scope)}"))
    text = f"sc_{'test' if is_test else 'live'}_{secrets.token_urlsafe(32)}"
    row = ApiKey(
        id=new_id(),
        name=trimmed,
        hint=text[:HINT_LENGTH],
        key_hash=_hash(text),
        scopes=[scope.value for scope in Scope if scope in wanted],
        is_test=is_test,
        created_at=datetime.now(UTC),
    )

    def work(session: Session) -> KeyView:
        session.add(row)
        session.flush()
        made = {"scopes": row.scopes, "test": row.is_test}
        audit.note(session, by, Action.KEY_ADDED, row.name, subject_id=row.id, after=made)
        return _view(row)

    return transaction(work), text


def authenticate(text: str) -> KeyOwner | None:
    """Return whose key this is, or None where it is unknown or revoked.

    What is compared is a hash that a stranger can't steer, so how long it takes tells nothing of the keys there are.
    """
    if len(text) > LONGEST_KEY:
        return None
    key_hash = _hash(text)
    remembered = _memory().keys.get(key_hash)
    if remembered is not None and time.monotonic() < remembered.until:
        return remembered.owner
    row = _find(key_hash)
    if row is None:
        _memory().keys.pop(key_hash, None)
        return None
    _note_use(row)
    owner = KeyOwner(row.id, frozenset(row.scopes), row.is_test)
    _remember(key_hash, owner)
    return owner


def list_all() -> list[KeyView]:
    """Return every key, newest first."""
    rows = db.session.scalars(select(ApiKey).order_by(ApiKey.created_at.desc(), ApiKey.id)).all()
    return [_view(row) for row in rows]


def get(key_id: str) -> KeyView:
    """Return one key; raises NotFound."""
    row = db.session.get(ApiKey, key_id, populate_existing=True)
    if row is None:
        raise NotFound("no such API key")
    return _view(row)


def revoke(key_id: str, *, by: Actor = COMMAND_LINE) -> KeyView:
    """End a key for good; one that was revoked before stays as it is. Raises NotFound."""

    def work(session: Session) -> KeyView:
        row = session.get(ApiKey, key_id, with_for_update=True, populate_existing=True)
        if row is None:
            raise NotFound("no such API key")
        if row.revoked_at is None:
            row.revoked_at = datetime.now(UTC)
            state = {"before": {"state": "active"}, "after": {"state": "revoked"}}
            audit.note(session, by, Action.KEY_REVOKED, row.name, subject_id=row.id, **state)
        _memory().keys.pop(row.key_hash, None)
        return _view(row)

    view = transaction(work)
    log.info("API key %s revoked", key_id)
    return view


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _memory() -> _Memory:
    memory: _Memory = current_app.extensions.setdefault("sendcode_api_keys", _Memory())
    return memory


def _find(key_hash: str) -> ApiKey | None:
    found = db.session.scalar(
        select(ApiKey)
        .where(ApiKey.key_hash == key_hash, ApiKey.revoked_at.is_(None))
        .execution_options(populate_existing=True)
    )
    if found is not None:
        db.session.expunge(found)
    db.session.rollback()
    return found


def _remember(key_hash: str, owner: KeyOwner) -> None:
    keys = _memory().keys
    if len(keys) >= MOST_REMEMBERED:
        keys.clear()
    keys[key_hash] = _Remembered(owner, time.monotonic() + REMEMBER_SECONDS)


def _note_use(row: ApiKey) -> None:
    """Write down that the key is in use, once a minute; a database too busy for it is no reason to refuse a call."""
    now = datetime.now(UTC)
    if row.last_used_at is not None and row.last_used_at > now - NOTE_USE_EVERY:
        return
    stale = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at <= now - NOTE_USE_EVERY)
    statement = update(ApiKey).where(ApiKey.id == row.id, stale).values(last_used_at=now)
    try:
        transaction(lambda session: change(session, statement))
    except SQLAlchemyError as error:
        log.warning("the use of API key %s was not noted: %s", row.id, type(error).__name__)


def _view(row: ApiKey) -> KeyView:
    return KeyView(
        id=row.id,
        name=row.name,
        hint=row.hint,
        scopes=tuple(row.scopes),
        is_test=row.is_test,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )

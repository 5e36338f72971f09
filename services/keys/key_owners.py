"""Whose key is it? Asked before every call of the API, so what was just found is remembered for a moment."""

import hashlib
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from flask import current_app
from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from domain import networks
from domain.networks import Network
from exts import db
from models import ApiKey, ApiKeySecret
from services.storage.transactions import change, transaction

log = logging.getLogger(__name__)
LONGEST_KEY = 128
REMEMBER_SECONDS = 1.5
"""A change of a key works at most this much later in other processes than the one that made it."""
MOST_REMEMBERED = 10_000
NOTE_USE_EVERY = timedelta(minutes=1)


class Scope(StrEnum):
    """What a key may do."""

    VERIFICATIONS = "verifications"
    MESSAGES = "messages"
    READ = "read"


@dataclass(frozen=True, slots=True)
class KeyOwner:
    """Who calls: the key's id, what it may do, and from where; no `networks` is everywhere."""

    id: str
    scopes: frozenset[str]
    is_test: bool
    networks: tuple[Network, ...] = ()


@dataclass(frozen=True, slots=True)
class _Remembered:
    owner: KeyOwner
    until: float


@dataclass(frozen=True, slots=True)
class _Memory:
    """The secrets that one application has just seen, by their hash."""

    keys: dict[str, _Remembered] = field(default_factory=dict)


_FOUND = (
    select(
        ApiKey.id,
        ApiKey.scopes,
        ApiKey.is_test,
        ApiKey.networks,
        ApiKeySecret.id.label("secret"),
        ApiKeySecret.expires_at,
        ApiKeySecret.last_used_at,
    )
    .join(ApiKey, ApiKey.id == ApiKeySecret.api_key_id)
    .where(ApiKeySecret.key_hash == bindparam("key_hash"), ApiKey.revoked_at.is_(None))
)


def authenticate(text: str) -> KeyOwner | None:
    """Return whose key this is, or None where it is unknown, revoked, or a secret that has ended.

    What is compared is a hash that a stranger can't steer, so how long it takes tells nothing of the keys there are.
    """
    if len(text) > LONGEST_KEY:
        return None
    key_hash = hash_of(text)
    remembered = _memory().keys.get(key_hash)
    if remembered is not None and time.monotonic() < remembered.until:
        return remembered.owner
    now = datetime.now(UTC)
    row = db.session.execute(_FOUND, {"key_hash": key_hash}).one_or_none()
    db.session.rollback()
    if row is None or (row.expires_at is not None and row.expires_at <= now):
        forget([key_hash])
        return None
    _note_use(row, now)
    allowed = networks.parse(row.networks or ())
    owner = KeyOwner(row.id, frozenset(row.scopes), row.is_test, allowed)
    _remember(key_hash, owner, row.expires_at - now if row.expires_at else None)
    return owner


def hash_of(text: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def forget(key_hashes: Iterable[str]) -> None:
    """Look some secrets up again when they come next: something about their key was changed."""
    for key_hash in key_hashes:
        _memory().keys.pop(key_hash, None)


def _memory() -> _Memory:
    memory: _Memory = current_app.extensions.setdefault("sendcode_api_keys", _Memory())
    return memory


def _remember(key_hash: str, owner: KeyOwner, life: timedelta | None) -> None:
    keys = _memory().keys
    if len(keys) >= MOST_REMEMBERED:
        keys.clear()
    seconds = REMEMBER_SECONDS if life is None else min(REMEMBER_SECONDS, life.total_seconds())
    keys[key_hash] = _Remembered(owner, time.monotonic() + seconds)


def _note_use(row: Any, now: datetime) -> None:
    """Write down that the key is in use, once a minute; a database too busy for it is no reason to refuse a call."""
    if row.last_used_at is not None and row.last_used_at > now - NOTE_USE_EVERY:
        return
    used = ApiKeySecret.last_used_at
    stale = or_(used.is_(None), used <= now - NOTE_USE_EVERY)
    statement = update(ApiKeySecret).where(ApiKeySecret.id == row.secret, stale).values(last_used_at=now)
    try:
        transaction(lambda session: change(session, statement))
    except SQLAlchemyError as error:
        log.warning("the use of API key %s was not noted: %s", row.id, type(error).__name__)

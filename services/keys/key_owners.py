"""Authenticate API keys. This runs before every API call, so each result is cached for 1.5 s."""

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
from domain.statuses import SecretKind
from exts import db
from models import ApiKey, ApiKeySecret
from services import profiles
from services.storage.transactions import change, transaction

log = logging.getLogger(__name__)
LONGEST_KEY = 128
REMEMBER_SECONDS = 1.5
"""How much later, at most, another process sees a change of a key."""
MOST_REMEMBERED = 10_000
NOTE_USE_EVERY = timedelta(minutes=1)


class Scope(StrEnum):
    """What a key may do."""

    VERIFICATIONS = "verifications"
    MESSAGES = "messages"
    READ = "read"
    WEBHOOKS = "webhooks"
    OWN_CODES = "own_codes"


USUAL_SCOPES = tuple(scope for scope in Scope if scope is not Scope.OWN_CODES)
"""What a key may do unless told otherwise. A caller's own codes can say anything that fits into ten characters."""


@dataclass(frozen=True, slots=True)
class KeyOwner:
    """The caller: the key's id, what it may do, and from where; no `networks` means anywhere."""

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
    """The cache of one application, by the hash of the secret."""

    keys: dict[str, _Remembered] = field(default_factory=dict)


_FOUND = (
    select(
        ApiKey.id,
        ApiKey.scopes,
        ApiKey.is_test,
        ApiKey.networks,
        ApiKey.settings,
        ApiKeySecret.id.label("secret"),
        ApiKeySecret.expires_at,
        ApiKeySecret.last_used_at,
    )
    .join(ApiKey, ApiKey.id == ApiKeySecret.api_key_id)
    .where(ApiKeySecret.key_hash == bindparam("key_hash"), ApiKeySecret.kind == bindparam("kind"))
    .where(ApiKey.revoked_at.is_(None))
)


def authenticate(text: str, kind: SecretKind = SecretKind.API) -> KeyOwner | None:
    """Return whose key this is, or None where the key is unknown or revoked, or the secret has expired.

    The comparison is of hashes, which a caller can't steer, so its timing reveals nothing about existing keys.
    """
    if len(text) > LONGEST_KEY:
        return None
    key_hash = hash_of(text, kind)
    remembered = _memory().keys.get(key_hash)
    if remembered is not None and time.monotonic() < remembered.until:
        return remembered.owner
    now = datetime.now(UTC)
    row = db.session.execute(_FOUND, {"key_hash": key_hash, "kind": kind.value}).one_or_none()
    db.session.rollback()
    if row is None or (row.expires_at is not None and row.expires_at <= now):
        forget([key_hash])
        return None
    _note_use(row, now)
    allowed = networks.parse(row.networks or ())
    owner = KeyOwner(row.id, frozenset(row.scopes), row.is_test, allowed)
    profiles.remember(f"key:{row.id}", row.settings)
    _remember(key_hash, owner, row.expires_at - now if row.expires_at else None)
    return owner


def hash_of(text: str, kind: SecretKind = SecretKind.API) -> str:
    """Return the hash under which a secret is stored; the same text of another kind has another one."""
    prefix = "" if kind is SecretKind.API else f"{kind}\n"
    return hashlib.sha256(f"{prefix}{text}".encode("utf-8", "replace")).hexdigest()


def forget(key_hashes: Iterable[str]) -> None:
    """Drop secrets from the cache, because their key was changed."""
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
    """Record at most once a minute that the key is in use; a database too busy for that must not fail the call."""
    if row.last_used_at is not None and row.last_used_at > now - NOTE_USE_EVERY:
        return
    used = ApiKeySecret.last_used_at
    stale = or_(used.is_(None), used <= now - NOTE_USE_EVERY)
    statement = update(ApiKeySecret).where(ApiKeySecret.id == row.secret, stale).values(last_used_at=now)
    try:
        transaction(lambda session: change(session, statement))
    except SQLAlchemyError as error:
        log.warning("the use of API key %s was not noted: %s", row.id, type(error).__name__)

"""API keys: create, list, edit, revoke."""

import logging
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from domain import networks as known_networks
from domain import profiles
from domain.actions import Action
from domain.characters import has_control_characters
from domain.codes import new_id
from domain.errors import Conflict, FieldProblem, InvalidInput, NotFound
from domain.networks import spelled
from exts import db
from models import ApiKey, ApiKeySecret
from services import profiles as own_settings
from services.audit import trail
from services.audit.trail import COMMAND_LINE, Actor
from services.keys import key_owners
from services.keys.key_owners import USUAL_SCOPES, Scope
from services.keys.key_views import KeyView, view
from services.storage.exact import exactly
from services.storage.transactions import transaction

log = logging.getLogger(__name__)
LONGEST_NAME = 120
HINT_LENGTH = 12


def create(
    name: str,
    *,
    is_test: bool = False,
    scopes: Iterable[str] | None = None,
    networks: Iterable[str] = (),
    by: Actor = COMMAND_LINE,
) -> tuple[KeyView, str]:
    """Make a key; return its view and the key itself, which is not stored and can't be shown again.

    Without `scopes` it has the usual ones, without `networks` it works from anywhere. Raises InvalidInput.
    """
    row = ApiKey(
        id=new_id(),
        name=_check_name(name),
        scopes=_check_scopes(USUAL_SCOPES if scopes is None else scopes),
        networks=_check_networks(networks),
        is_test=is_test,
        created_at=datetime.now(UTC),
    )
    text = new_secret(row)

    def work(session: Session) -> KeyView:
        session.add(row)
        session.flush()
        made = {"scopes": row.scopes, "networks": row.networks, "test": row.is_test}
        trail.note(session, by, Action.KEY_ADDED, row.name, subject_id=row.id, after=made)
        return view(row)

    return transaction(work), text


def new_secret(row: ApiKey) -> str:
    """Add a secret to a key and return it; the caller commits."""
    text = f"sc_{'test' if row.is_test else 'live'}_{secrets.token_urlsafe(32)}"
    made = ApiKeySecret(
        key_hash=key_owners.hash_of(text), hint=text[:HINT_LENGTH], created_at=datetime.now(UTC)
    )
    row.secrets.insert(0, made)
    return text


def list_all() -> list[KeyView]:
    """Return every key, newest first."""
    newest = select(ApiKey).order_by(ApiKey.created_at.desc(), ApiKey.id)
    rows = db.session.scalars(newest.execution_options(populate_existing=True)).all()
    return [view(row) for row in rows]


def get(key_id: str) -> KeyView:
    """Return one key; raises NotFound."""
    row = db.session.get(ApiKey, key_id, populate_existing=True)
    if row is None:
        raise NotFound("no such API key")
    return view(row)


def find(name_or_id: str) -> KeyView:
    """Return the key with this id, or the active one with this name; raises NotFound, and Conflict for several."""
    named = and_(exactly(ApiKey.name, name_or_id.strip()), ApiKey.revoked_at.is_(None))
    rows = db.session.scalars(select(ApiKey).where(or_(ApiKey.id == name_or_id, named))).all()
    if not rows:
        raise NotFound("no such API key")
    if len(rows) > 1:
        raise Conflict(
            f"several keys have this name, give the id of one: {', '.join(row.id for row in rows)}"
        )
    return view(rows[0])


def edit(key_id: str, *, scopes: Iterable[str], networks: Iterable[str], by: Actor = COMMAND_LINE) -> KeyView:
    """Replace a key's scopes and networks; raises NotFound, InvalidInput, and Conflict for a revoked one."""
    return _change(key_id, {"scopes": _check_scopes(scopes), "networks": _check_networks(networks)}, by)


def configure(key_id: str, settings: Mapping[str, Any], *, by: Actor = COMMAND_LINE) -> KeyView:
    """Replace what a key has of its own; raises NotFound, InvalidInput, and Conflict for a revoked one.

    `settings` by the names of `domain.profiles.Profile`; what is left out, None or empty is the installation's.
    """
    return _change(key_id, {"settings": profiles.check(settings) or None}, by)


def _change(key_id: str, wanted: Mapping[str, Any], by: Actor) -> KeyView:
    def work(session: Session) -> KeyView:
        row = living(session, key_id)
        before = {name: getattr(row, name) for name in wanted}
        changed = [name for name in wanted if wanted[name] != before[name]]
        for name in changed:
            setattr(row, name, wanted[name])
        if changed:
            told: dict[str, Any] = {
                "before": {name: before[name] for name in changed},
                "after": {name: wanted[name] for name in changed},
            }
            trail.note(session, by, Action.KEY_EDITED, row.name, subject_id=row.id, **told)
        return view(row)

    edited = transaction(work)
    forget(key_id)
    return edited


def revoke(key_id: str, *, by: Actor = COMMAND_LINE) -> KeyView:
    """Revoke a key for good; one that is already revoked stays as it is. Raises NotFound."""

    def work(session: Session) -> KeyView:
        row = locked(session, key_id)
        if row.revoked_at is None:
            row.revoked_at = datetime.now(UTC)
            state = {"before": {"state": "active"}, "after": {"state": "revoked"}}
            trail.note(session, by, Action.KEY_REVOKED, row.name, subject_id=row.id, **state)
        return view(row)

    revoked = transaction(work)
    forget(key_id)
    log.info("API key %s revoked", key_id)
    return revoked


def locked(session: Session, key_id: str) -> ApiKey:
    """Return the row of a key, locked until the transaction ends; raises NotFound."""
    row = session.get(ApiKey, key_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("no such API key")
    return row


def living(session: Session, key_id: str) -> ApiKey:
    """Return the locked row of an active key; raises NotFound, and Conflict for a revoked one."""
    row = locked(session, key_id)
    if row.revoked_at is not None:
        raise Conflict("the API key is revoked")
    return row


def forget(key_id: str) -> None:
    """Drop all secrets of a key from this process's cache."""
    key_owners.forget(db.session.scalars(select(ApiKeySecret.key_hash).filter_by(api_key_id=key_id)))
    own_settings.forget(f"key:{key_id}")
    db.session.rollback()


def _check_name(name: str) -> str:
    trimmed = name.strip()
    if not 1 <= len(trimmed) <= LONGEST_NAME or has_control_characters(trimmed):
        raise InvalidInput(FieldProblem("name", f"must have 1 to {LONGEST_NAME} characters"))
    return trimmed


def _check_scopes(scopes: Iterable[str]) -> list[str]:
    wanted = set(scopes)
    if not wanted or not wanted <= set(Scope):
        raise InvalidInput(FieldProblem("scopes", f"must be some of {', '.join(Scope)}"))
    return [scope.value for scope in Scope if scope in wanted]


def _check_networks(texts: Iterable[str]) -> list[str] | None:
    return [spelled(network) for network in known_networks.parse(texts)] or None

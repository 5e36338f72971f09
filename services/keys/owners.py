"""Look up the owner of a row, for administrators who may act on the rows of every owner."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import String, cast, select

from domain.errors import NotFound
from domain.owners import ADMINISTRATOR, Owner
from exts import db
from models import Administrator, ApiKey, Broadcast, Hook, Message, Verification

_NAMED: Mapping[str, tuple[Any, Any]] = {
    "key": (ApiKey.id, ApiKey.name),
    "hook": (Hook.id, Hook.name),
    ADMINISTRATOR: (cast(Administrator.id, String), Administrator.email),
}
"""Where an id and a name are, by kind."""


def of_message(message_id: str) -> Owner:
    """Return who sent a message; raises NotFound."""
    return _owner(db.session().get(Message, message_id))


def of_verification(verification_id: str) -> Owner:
    """Return who requested a verification; raises NotFound."""
    return _owner(db.session().get(Verification, verification_id))


def of_broadcast(broadcast_id: str) -> Owner:
    """Return who sent a broadcast; raises NotFound."""
    return _owner(db.session().get(Broadcast, broadcast_id))


def names(owners: Collection[str]) -> dict[str, str]:
    """Return a name by owner: that of the API key or hook, the e-mail address of an administrator, its id where it is
    gone, or the kind: `session`, `task`.
    """
    kinds = {owner: owner.partition(":")[::2] for owner in owners}
    known = {
        kind: _names_in(*columns, [id for one, id in kinds.values() if one == kind])
        for kind, columns in _NAMED.items()
    }
    return {owner: known[kind].get(id, id) if kind in known else kind for owner, (kind, id) in kinds.items()}


def keys() -> dict[str, str]:
    """Return the names of all API keys by id, in their order."""
    rows = db.session.execute(select(ApiKey.id, ApiKey.name).order_by(ApiKey.name, ApiKey.created_at)).all()
    db.session.rollback()
    return dict(rows)


def _names_in(id: Any, name: Any, ids: Sequence[str]) -> dict[str, str]:
    if not ids:
        return {}
    return dict(db.session.execute(select(id, name).where(id.in_(ids))).all())


def _owner(row: Broadcast | Message | Verification | None) -> Owner:
    if row is None:
        raise NotFound("there is no such thing")
    return Owner(row.owner, row.is_test)

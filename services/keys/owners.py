"""Look up the owner of a row, for administrators who may act on the rows of every owner."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select

from domain.errors import NotFound
from domain.owners import Owner
from exts import db
from models import ApiKey, Broadcast, Hook, Message, Verification

_NAMED: Mapping[str, type[ApiKey] | type[Hook]] = {"key": ApiKey, "hook": Hook}


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
    """Return a name by owner: that of the API key or hook, its id where it is gone, or the kind: `session`, `task`."""
    kinds = {owner: owner.partition(":")[::2] for owner in owners}
    known = {
        kind: _names_in(table, [id for one, id in kinds.values() if one == kind])
        for kind, table in _NAMED.items()
    }
    return {owner: known[kind].get(id, id) if kind in known else kind for owner, (kind, id) in kinds.items()}


def _names_in(table: type[ApiKey] | type[Hook], ids: Sequence[str]) -> dict[str, str]:
    if not ids:
        return {}
    return dict(db.session.execute(select(table.id, table.name).where(table.id.in_(ids))).all())


def _owner(row: Broadcast | Message | Verification | None) -> Owner:
    if row is None:
        raise NotFound("there is no such thing")
    return Owner(row.owner, row.is_test)

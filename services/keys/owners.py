"""Look up the owner of a row, for administrators who may act on the rows of every owner."""

from collections.abc import Collection

from sqlalchemy import select

from domain.errors import NotFound
from domain.owners import Owner
from exts import db
from models import ApiKey, Broadcast, Message, Verification


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
    """Return a name by owner: that of the API key, its id where the key is gone, or the kind: `session`, `task`."""
    kinds = {owner: owner.partition(":")[::2] for owner in owners}
    ids = [id for kind, id in kinds.values() if kind == "key"]
    known = dict(db.session.execute(select(ApiKey.id, ApiKey.name).where(ApiKey.id.in_(ids))).all())
    return {owner: known.get(id, id) if kind == "key" else kind for owner, (kind, id) in kinds.items()}


def _owner(row: Broadcast | Message | Verification | None) -> Owner:
    if row is None:
        raise NotFound("there is no such thing")
    return Owner(row.owner, row.is_test)

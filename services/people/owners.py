"""Whose something is, for those who may act on what everybody sent."""

from domain.errors import NotFound
from exts import db
from models import Message, Verification
from services.codes.issuing import Owner


def of_message(message_id: str) -> Owner:
    """Return who sent a message; raises NotFound."""
    return _owner(db.session().get(Message, message_id))


def of_verification(verification_id: str) -> Owner:
    """Return who asked for a verification; raises NotFound."""
    return _owner(db.session().get(Verification, verification_id))


def _owner(row: Message | Verification | None) -> Owner:
    if row is None:
        raise NotFound("there is no such thing")
    return Owner(row.owner, row.is_test)

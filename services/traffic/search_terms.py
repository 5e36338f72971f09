"""Search terms for messages: a destination, an id or a gateway's reference.

The term is sealed in the URL, because it may be a destination, and URLs end up in access logs. Storing a hash of the
destination would hide nothing, because the row needs the destination itself for the send, and its index would slow down
every send.
"""

import base64
import binascii

from sqlalchemy import ColumnElement, select

from domain.characters import trimmed
from domain.destinations import MAX_LENGTH, channel_of
from domain.errors import FieldProblem, InvalidDestination, InvalidInput
from domain.keyring import Keyring, Unreadable
from domain.statuses import Channel
from exts import db
from models import Message, Verification
from services import typed
from services.process.parts import part

USE = "search"
LONGEST = MAX_LENGTH
MOST_IDS = 1000


def seal(text: str) -> str:
    """Return the sealed form of a typed text for a URL; raises InvalidInput where it is too long."""
    typed = text.strip()
    if len(typed) > LONGEST:
        raise InvalidInput(FieldProblem("sought", f"must have at most {LONGEST} characters"))
    sealed = part(Keyring).seal_link(typed.encode("utf-8", "replace"), use=USE)
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def unseal(token: str) -> str:
    """Return the typed text; raises InvalidInput where the token was changed or its key is no longer configured."""
    try:
        sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        return part(Keyring).open_link(sealed, use=USE).decode()
    except (binascii.Error, ValueError, Unreadable) as error:
        raise InvalidInput(FieldProblem("sought", "can't be read any more, type it again")) from error


def of_messages(text: str) -> ColumnElement[bool]:
    """Return the condition for a typed text: an e-mail address or +number, else an id, else a local number."""
    ids = [] if _is_plainly_a_destination(text) else _message_ids(text)
    if ids:
        return Message.id.in_(ids)
    canonical = _canonical(text)
    return Message.id.in_([]) if canonical is None else Message.canonical == canonical


def of_verifications(text: str) -> ColumnElement[bool]:
    """Return the same for verifications, which are found through their messages, because those have the index."""
    found = select(Message.verification_id).where(Message.verification_id.is_not(None), of_messages(text))
    if _is_plainly_a_destination(text):
        return Verification.id.in_(found)
    return Verification.id.in_([text, *db.session.scalars(found.limit(MOST_IDS))])


def is_destination(text: str) -> bool:
    """Tell whether a typed text may be a destination and has to be masked."""
    return _is_plainly_a_destination(text) or _canonical(text) is not None


def _is_plainly_a_destination(text: str) -> bool:
    bare = trimmed(text)
    return channel_of(bare) is Channel.EMAIL or bare.startswith(("+", "＋"))


def _message_ids(text: str) -> list[str]:
    """Return the messages with this id, of this verification, or with this reference of a gateway."""
    found: set[str] = set()
    for column in (Message.id, Message.verification_id, Message.gateway_reference):
        found.update(db.session.scalars(select(Message.id).where(column == text).limit(MOST_IDS)))
    return sorted(found)


def _canonical(text: str) -> str | None:
    try:
        return typed.sought(text).canonical
    except InvalidDestination:
        return None

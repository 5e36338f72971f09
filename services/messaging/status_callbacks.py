"""The address to which a message's status is posted, in Twilio's form; kept sealed beside the message."""

from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from domain.errors import FieldProblem, InvalidInput
from domain.keyring import Keyring
from exts import db
from models import StatusCallback
from services.process.parts import part

LONGEST = 2048


def check(url: str) -> str:
    """Return the address; raises InvalidInput where it is no whole http or https address.

    Whether it is public is asked when it is called, because a name may lead elsewhere by then.
    """
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
    if not is_whole or len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        told = f"must be an http or https address of at most {LONGEST} characters"
        raise InvalidInput(FieldProblem("status_callback", told))
    return url


def put(session: Session, message_id: str, url: str) -> None:
    """Keep a message's address; the caller commits."""
    sealed = part(Keyring).seal(url.encode(), row=message_id)
    session.add(StatusCallback(message_id=message_id, sealed_url=sealed))


def url_of(message_id: str) -> str | None:
    """Return a message's address, None where it has none; raises Unreadable where its key was removed."""
    row = db.session().get(StatusCallback, message_id)
    return None if row is None else part(Keyring).open(row.sealed_url, row=message_id).decode()

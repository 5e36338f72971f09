"""The address to which a message's status is posted, in Twilio's form; kept sealed beside the message."""

from datetime import timedelta

from sqlalchemy.orm import Session

from domain import twilio_callbacks, web_addresses
from domain.errors import FieldProblem, InvalidInput
from domain.keyring import Keyring
from models import StatusCallback
from services.events.listeners import FRESH_SECONDS
from services.process.parts import part

LONGEST = 2048
HEARD_AFTER = timedelta(seconds=FRESH_SECONDS)
"""How much later its message may be sent, so that every worker knows of the call-back."""


def check(url: str) -> str:
    """Return the address; raises InvalidInput where it is no whole http or https address.

    Whether it is public is asked when it is called, because a name may lead elsewhere by then.
    """
    try:
        web_addresses.parse(twilio_callbacks.without_password(url)[0])
        is_whole = True
    except (InvalidInput, ValueError):
        is_whole = False
    if not is_whole or len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        told = f"must be an http or https address of at most {LONGEST} characters"
        raise InvalidInput(FieldProblem("status_callback", told))
    return url


def put(session: Session, message_id: str, url: str) -> None:
    """Keep a message's address; the caller commits."""
    sealed = part(Keyring).seal(url.encode(), row=message_id)
    session.add(StatusCallback(message_id=message_id, sealed_url=sealed))

"""Links that unsubscribe a destination from bulk messages: they show no address, and nobody can forge one."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

from domain.errors import NotFound
from domain.keyring import Keyring, Unreadable
from domain.statuses import Channel

USE = "unsubscribe"
PATH = "/unsubscribe/"
LONGEST_TOKEN = 600
USABLE = re.compile(r"https?://[\x21-\x3b\x3d\x3f-\x7e]{1,200}")
"""A URL that fits into a mail header: ASCII without spaces and angle brackets."""


def link(keyring: Keyring, public_url: str, channel: Channel, canonical: str) -> str | None:
    """Return the link for a destination, the same each time; None where `PUBLIC_URL` can't be used in one."""
    if not USABLE.fullmatch(public_url):
        return None
    return f"{public_url.rstrip('/')}{PATH}{token(keyring, channel, canonical)}"


def token(keyring: Keyring, channel: Channel, canonical: str) -> str:
    """Return the last part of the link. It does not expire: mails are kept for years."""
    sealed = keyring.seal_link(f"{channel.value}:{canonical}".encode(), use=USE)
    return urlsafe_b64encode(sealed).rstrip(b"=").decode()


def read(keyring: Keyring, token: str) -> tuple[Channel, str]:
    """Return channel and canonical destination of a token; raises NotFound where it is not exactly what we made."""
    try:
        sealed = urlsafe_b64decode(token[:LONGEST_TOKEN] + "=" * (-len(token) % 4))
        channel, _, canonical = keyring.open_link(sealed, use=USE).decode().partition(":")
    except (Unreadable, ValueError):
        raise NotFound("there is no such link") from None
    # base64 has several spellings of the same bytes; a link must have one URL
    if urlsafe_b64encode(sealed).rstrip(b"=").decode() != token:
        raise NotFound("there is no such link")
    return Channel(channel), canonical

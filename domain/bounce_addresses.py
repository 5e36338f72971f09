"""Envelope senders of their own (VERP): `bounces+<token>@example.com` says which message came back.

A token is the format's number, then message id and 72 bits of an HMAC in base32. It has 41 characters of `a-z` and
`0-9`: a local part holds 64 octets (RFC 5321 4.5.3.1.1), and some servers change its case on the way.
"""

import re
from base64 import b32decode, b32encode
from hmac import compare_digest

from domain.errors import ConfigurationError, NotFound
from domain.keyring import Keyring

FORMAT = "1"
TOKEN_LENGTH = 41
LONGEST_LOCAL_PART = 64 - TOKEN_LENGTH - len("+")
_MAC_BYTES = 9
_ID = re.compile(r"[0-9a-f]{32}")
_ADDRESS = re.compile(r"[^\s@]{1,64}@[A-Za-z0-9.-]{1,253}")
_WITH_TOKEN = re.compile(r"[^@]*\+([0-9a-z]{41})@[^@]*", re.IGNORECASE)


def checked(address: str) -> str:
    """Return a configured address; raises ConfigurationError where a token does not fit into it."""
    if not _ADDRESS.fullmatch(address) or not address.isascii():
        raise ConfigurationError("bounce_address: must be one mail address, such as bounces@example.com")
    if len(address.partition("@")[0]) > LONGEST_LOCAL_PART:
        raise ConfigurationError(
            f"bounce_address: must have at most {LONGEST_LOCAL_PART} characters before the @"
        )
    return address


def token(keyring: Keyring, message_id: str) -> str | None:
    """Return the token of a message, the same on every try; None where its id is not 32 hexadecimal digits."""
    if not _ID.fullmatch(message_id):
        return None
    data = bytes.fromhex(message_id) + _mac(keyring, message_id, keyring.newest)
    return FORMAT + b32encode(data).decode().lower()


def with_token(address: str, token: str) -> str:
    """Return the envelope sender for a token."""
    local, _, domain = address.partition("@")
    return f"{local}+{token}@{domain}"


def read(keyring: Keyring, address: str) -> str | None:
    """Return the message id in an address; None where it has no token.

    Raises NotFound for a token that none of the keys has made: somebody invented it, or its key was removed.
    """
    found = _WITH_TOKEN.fullmatch(address)
    if found is None:
        return None
    text = found[1].lower()
    try:
        data = b32decode(text[1:].upper())
    except ValueError:
        data = b""
    message_id, mac = data[:-_MAC_BYTES].hex(), data[-_MAC_BYTES:]
    if text[0] == FORMAT and any(compare_digest(mac, _mac(keyring, message_id, key)) for key in keyring.ids):
        return message_id
    raise NotFound("no message has this bounce address")


def _mac(keyring: Keyring, message_id: str, key: str) -> bytes:
    return keyring.hash(f"bounce|{message_id}", key=key)[:_MAC_BYTES]

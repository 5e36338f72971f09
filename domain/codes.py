"""Making, hashing and comparing codes."""

import hmac
import secrets
import unicodedata

from domain.errors import MalformedCode
from domain.keyring import Keyring


def generate(length: int) -> str:
    """Return `length` random digits, leading zeros kept (NIST SP 800-63B-4 3.1.3.2)."""
    return str(secrets.randbelow(10**length)).zfill(length)


def new_id() -> str:
    """Return 128 random bits, so that nobody can guess an id and use up somebody else's attempts."""
    return secrets.token_hex(16)


def parse_guess(text: str, *, length: int) -> str:
    """Return the digits of a guess without spaces and dashes; raises MalformedCode."""
    digits = "".join(
        str(unicodedata.decimal(character)) if character.isdecimal() else character
        for character in text
        if character not in " -"
    )
    if len(text) > 2 * length + 8 or len(digits) != length or not (digits.isascii() and digits.isdigit()):
        raise MalformedCode(length)
    return digits


def hash_code(
    keyring: Keyring, code: str, *, verification: str, purpose: str, canonical: str, key: str | None = None
) -> bytes:
    """Return the keyed hash that binds a code to its verification, purpose and destination."""
    return keyring.hash(f"{verification}|{purpose}|{canonical}|{code}", key=key)


def same(left: bytes, right: bytes) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(left, right)

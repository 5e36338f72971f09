"""Making, hashing and comparing codes."""

import hmac
import re
import secrets

from domain.characters import is_dash, plain, without_unseen
from domain.errors import FieldProblem, InvalidInput, MalformedCode
from domain.keyring import Keyring

_OWN = re.compile(r"[0-9A-Z]{4,10}")
LONGEST_GUESS = 100
"""Characters of a pasted code, with what is dropped from it."""


def generate(length: int) -> str:
    """Return `length` random digits, leading zeros kept (NIST SP 800-63B-4 3.1.3.2)."""
    return str(secrets.randbelow(10**length)).zfill(length)


def new_id() -> str:
    """Return 128 random bits, so that nobody can guess an id and use up somebody else's attempts."""
    return secrets.token_hex(16)


def bare(text: str) -> str:
    """Return a typed or pasted code without white space, dashes and unseen marks, its full-width signs as ASCII."""
    if text.isascii() and text.isalnum():
        return text
    return "".join(
        plain(character)
        for character in without_unseen(text)
        if not (character.isspace() or is_dash(character))
    )


def check_own(code: str) -> str:
    """Return a caller's own code; raises InvalidInput where it is not 4 to 10 digits or capital letters."""
    if not _OWN.fullmatch(code):
        raise InvalidInput(FieldProblem("code", "must be 4 to 10 digits or capital letters"))
    return code


def parse_guess(text: str, *, length: int, has_letters: bool = False) -> str:
    """Return the digits of a guess, however people pasted it, or its letters as capitals; raises MalformedCode."""
    guess = bare(text) if len(text) <= LONGEST_GUESS else ""
    if (
        len(guess) != length
        or not guess.isascii()
        or not (guess.isalnum() if has_letters else guess.isdigit())
    ):
        raise MalformedCode(length, has_letters=has_letters)
    return guess.upper()


def hash_code(
    keyring: Keyring, code: str, *, verification: str, purpose: str, canonical: str, key: str | None = None
) -> bytes:
    """Return the keyed hash that binds a code to its verification, purpose and destination."""
    return keyring.hash(f"{verification}|{purpose}|{canonical}|{code}", key=key)


def same(left: bytes, right: bytes) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(left, right)

"""Hash and verify passwords with Argon2id."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from domain.passwords import normalized, one_time_password

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""OWASP Password Storage Cheat Sheet: Argon2id with 19 MiB, two iterations, one lane."""


def hash_password(password: str) -> str:
    """Return the hash to store; it contains its own parameters."""
    return _HASHER.hash(normalized(password))


def is_password(stored: str | None, password: str) -> bool:
    """Tell whether `password` matches; None, for no account, costs the same work and never matches."""
    decoy = _decoy()
    try:
        _HASHER.verify(stored or decoy, normalized(password))
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def needs_rehash(stored: str) -> bool:
    """Tell whether the hash was made with other parameters than ours."""
    return _HASHER.check_needs_rehash(stored)


@cache
def _decoy() -> str:
    return hash_password(one_time_password())

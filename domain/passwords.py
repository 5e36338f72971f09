"""Which passwords are good enough, and how a one-time password is made.

NIST SP 800-63B-4 3.1.1.2: a minimum length, a blocklist that includes context words, and no composition rules.
"""

import re
import secrets
import unicodedata
from collections.abc import Iterable

from domain.errors import WeakPassword

MIN_LENGTH = 12
MAX_LENGTH = 256
_MIN_DISTINCT = 5
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # no look-alikes: somebody may have to type it from a screen
_GROUPS, _GROUP_LENGTH = 4, 5

_WORDS = """
    admin administrator changeme computer default dragon football guest hello iloveyou letmein login manager master
    monkey nimda pass passphrase passw0rd passwort password passwordpassword princess root secret secretpassword
    starwars sunshine superadmin superman superuser system test testing trustno welcome whatever
    correcthorsebatterystaple
"""
_BLOCKED = frozenset(_WORDS.split())
_RUNS = (
    "01234567890123456789012345678901234567890",
    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnmqwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1q2w3e4r5t6y7u8i9o0p",
)


def check_password(password: str, *, names: Iterable[str] = ()) -> str:
    """Return the password; raises WeakPassword where it is too short, too long or easily guessed.

    `names` are what an attacker tries first: the person's e-mail address and the service's name.
    """
    length = len(normalized(password))
    if length < MIN_LENGTH:
        raise WeakPassword("short", f"must have at least {MIN_LENGTH} characters")
    if length > MAX_LENGTH:
        raise WeakPassword("long", f"must have at most {MAX_LENGTH} characters")
    if _easily_guessed(normalized(password).lower(), [name.lower() for name in names]):
        raise WeakPassword("guessable", "is too easily guessed")
    return password


def one_time_password() -> str:
    """Return a random password of 99 bits in groups, to be changed at the first sign-in."""
    groups = ["".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_LENGTH)) for _ in range(_GROUPS)]
    return "-".join(groups)


def normalized(password: str) -> str:
    """Return the form that is hashed: the same password typed on two keyboards must match (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def _easily_guessed(password: str, names: Iterable[str]) -> bool:
    letters = re.sub(r"[\W\d_]+", "", password)
    if len(set(password)) < _MIN_DISTINCT or letters in _BLOCKED:
        return True
    if any(password in run or password[::-1] in run for run in _RUNS):
        return True
    return any(_is_made_of(password, part) for name in names for part in {name, *name.split("@")})


def _is_made_of(password: str, name: str) -> bool:
    """Tell whether a password is little more than a name."""
    return len(name) >= 4 and name in password and len(password.replace(name, "")) <= MIN_LENGTH // 2

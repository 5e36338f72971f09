"""Check what a caller says of a verification: its purpose, locale and metadata."""

import re
from collections.abc import Mapping

from domain.characters import has_control_characters
from domain.errors import FieldProblem, InvalidInput

_PURPOSE = re.compile(r"[a-z0-9_.\-]{1,64}")
_LOCALE = re.compile(r"[A-Za-z]{2,8}([\-_][A-Za-z0-9]{1,8}){0,5}")
METADATA_KEYS = 20
METADATA_BYTES = 4096


def check_purpose(purpose: str) -> str:
    """Return the purpose; raises InvalidInput where it is not 1 to 64 of `a-z 0-9 _ . -`."""
    if not _PURPOSE.fullmatch(purpose):
        raise InvalidInput(FieldProblem("purpose", "must be 1 to 64 of a-z 0-9 _ . -"))
    return purpose


def check_locale(locale: str) -> str:
    """Return the locale; raises InvalidInput where it is not a BCP 47 tag."""
    if len(locale) > 35 or not _LOCALE.fullmatch(locale):
        raise InvalidInput(FieldProblem("locale", "must be a language tag such as en or zh-CN"))
    return locale


def check_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return the metadata; raises InvalidInput above 20 strings or 4 KiB, or with control characters."""
    size = sum(len(key.encode()) + len(value.encode()) for key, value in metadata.items())
    if len(metadata) > METADATA_KEYS or size > METADATA_BYTES:
        raise InvalidInput(
            FieldProblem("metadata", f"must be at most {METADATA_KEYS} strings and {METADATA_BYTES} bytes")
        )
    if any(has_control_characters(text) for pair in metadata.items() for text in pair):
        raise InvalidInput(FieldProblem("metadata", "must not contain control characters"))
    return dict(metadata)

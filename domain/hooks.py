"""Hooks: which servers may hand over what they want sent, and what one hook may have of its own."""

import base64
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from domain import profiles
from domain.characters import has_control_characters, trimmed
from domain.errors import FieldProblem, InvalidInput
from domain.statuses import Channel

LONGEST_NAME = 120
LONGEST_URL = 500
MOST_DESTINATIONS = 20
LEAST_SECRET, LONGEST_SECRET = 16, 500
SUPABASE_SECRET = re.compile(r"v1,whsec_([A-Za-z0-9+/]{32,}={0,2})")
_SECRET_BYTES = 32


class HookType(StrEnum):
    """Whose posts a hook understands."""

    SUPABASE = "supabase"
    KRATOS = "kratos"
    LOGTO = "logto"
    ZITADEL = "zitadel"
    AUTHENTIK = "authentik"
    KEYCLOAK = "keycloak"
    AUTHGEAR = "authgear"
    AUTH0 = "auth0"
    CASDOOR = "casdoor"
    GENERIC = "generic"
    ALERTMANAGER = "alertmanager"


SMS_ONLY = frozenset(
    {HookType.AUTHENTIK, HookType.KEYCLOAK, HookType.AUTHGEAR, HookType.AUTH0, HookType.CASDOOR}
)
"""Servers that hand over codes by SMS only."""
SECRET_IS_THEIRS = frozenset({HookType.ZITADEL, HookType.AUTHGEAR})
"""Servers that make the secret themselves, so that it is copied from them to us."""


class Wording(StrEnum):
    """Whose text is sent where a post has both a bare code and a text."""

    OURS = "ours"
    THEIRS = "theirs"


@dataclass(frozen=True, slots=True)
class NewHook:
    """A hook that was asked for; every field has been validated."""

    type: HookType
    name: str
    channel: Channel | None


def check(type: str, name: str, channel: str | None) -> NewHook:
    """Return a new hook; raises InvalidInput with everything that is wrong with it."""
    problems = []
    if type not in list(HookType):
        problems.append(FieldProblem("type", f"must be one of {', '.join(HookType)}"))
    ours = trimmed(name)
    if not 1 <= len(ours) <= LONGEST_NAME or has_control_characters(ours):
        problems.append(FieldProblem("name", f"must have 1 to {LONGEST_NAME} characters"))
    if channel and channel not in list(Channel):
        problems.append(FieldProblem("channel", "must be sms or email"))
    elif channel == Channel.EMAIL and type in SMS_ONLY:
        problems.append(FieldProblem("channel", "must be sms: this server hands over no mails"))
    elif channel and type == HookType.ALERTMANAGER:
        problems.append(FieldProblem("channel", "is not for alerts, which go to the hook's destinations"))
    if problems:
        raise InvalidInput(*problems)
    kind = HookType(type)
    return NewHook(kind, ours, Channel.SMS if kind in SMS_ONLY else Channel(channel) if channel else None)


def new_secret(type: HookType) -> str:
    """Return a random secret in the form that the server accepts."""
    if type is HookType.SUPABASE:
        return "v1,whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    return secrets.token_urlsafe(_SECRET_BYTES)


def check_secret(type: HookType, given: str) -> str:
    """Return a secret that the server made; raises InvalidInput."""
    secret = trimmed(given)
    if type is HookType.SUPABASE and not SUPABASE_SECRET.fullmatch(secret):
        raise InvalidInput(FieldProblem("secret", "must be v1,whsec_ and base64 of at least 24 bytes"))
    if not LEAST_SECRET <= len(secret) <= LONGEST_SECRET or not secret.isascii() or not secret.isprintable():
        raise InvalidInput(
            FieldProblem("secret", f"must be {LEAST_SECRET} to {LONGEST_SECRET} printable ASCII characters")
        )
    return secret


def check_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a hook that were given, empty ones left out; raises InvalidInput with all faults.

    Besides those of `domain.profiles`: `text` is a Wording, `verify_url` where a Supabase server confirms links.
    """
    checked: dict[str, Any] = {}
    problems: list[FieldProblem] = []
    for name, value in given.items():
        try:
            checked |= _own(name, value) if name in _OWN else profiles.check({name: value})
        except InvalidInput as error:
            problems.extend(error.problems)
    if problems:
        raise InvalidInput(*problems)
    return {name: checked[name] for name in (*profiles.NAMES, *_OWN) if name in checked}


def _own(name: str, value: Any) -> dict[str, Any]:
    text = trimmed(str(value or ""))
    return {name: _OWN[name](text)} if text else {}


def _wording(value: str) -> str:
    if value not in list(Wording):
        raise InvalidInput(FieldProblem("text", f"must be one of {', '.join(Wording)}"))
    return value


def _verify_url(value: str) -> str:
    if not is_web_address(value):
        raise InvalidInput(FieldProblem("verify_url", "must be an address that begins with https://"))
    return value


def is_web_address(value: str) -> bool:
    """Tell whether a text is an http or https address without blanks, as a mail may link to it."""
    return len(value) <= LONGEST_URL and bool(re.fullmatch(r"https?://[^\s\"'<>]+", value))


_OWN = MappingProxyType({"text": _wording, "verify_url": _verify_url})


def type_of_post(text: str) -> str:
    """Return a server's word for what a code is for as a purpose: `SignIn` is `sign_in`; odd characters are dropped."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    return re.sub(r"[^a-z0-9_.-]", "", words.lower().replace(" ", "_"))[:64] or "default"


def alert_text(lines: Sequence[str], most: int) -> str:
    """Return lines joined, those that no longer fit replaced by their number."""
    kept: list[str] = []
    for number, line in enumerate(lines):
        left = len(lines) - number - 1
        tail = f"\n+{left + 1}" if left else ""
        if len("\n".join([*kept, line])) > most - len(tail):
            return ("\n".join(kept) + f"\n+{left + 1}") if kept else line[:most]
        kept.append(line)
    return "\n".join(kept)

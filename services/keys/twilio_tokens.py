"""The account SID and auth token with which a Twilio SDK signs in as an API key."""

import logging
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from domain import twilio_sids
from domain.actions import Action
from domain.keyring import Keyring
from domain.statuses import SecretKind
from models import ApiKeySecret
from services.audit import trail
from services.audit.trail import COMMAND_LINE, Actor
from services.keys import api_keys, key_owners, key_views
from services.keys.key_owners import KeyOwner
from services.keys.key_rotation import OVERLAPS, USUAL
from services.keys.key_views import KeyView
from services.process.parts import part
from services.storage.transactions import transaction

log = logging.getLogger(__name__)
HINT_LENGTH = 4
"""Characters of a token that are shown; 112 bits stay unknown."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a program needs, in the names of Twilio's own documents."""

    account_sid: str
    auth_token: str = field(repr=False)
    service_sid: str

    @property
    def lines(self) -> tuple[str, str, str]:
        """The three as settings for an environment."""
        return (
            f"TWILIO_ACCOUNT_SID={self.account_sid}",
            f"TWILIO_AUTH_TOKEN={self.auth_token}",
            f"TWILIO_VERIFY_SERVICE_SID={self.service_sid}",
        )


def give(key_id: str, *, by: Actor = COMMAND_LINE) -> tuple[KeyView, Credentials]:
    """Give a key a new token; the ones before it work for another 24 h, or until their own earlier time.

    The token can't be shown again. Raises NotFound, and Conflict for a revoked key.
    """
    token = secrets.token_hex(16)

    def work(session: Session) -> KeyView:
        row = api_keys.living(session, key_id)
        now = datetime.now(UTC)
        for old in row.twilio_tokens:
            old.expires_at = min(old.expires_at or now + OVERLAPS[USUAL], now + OVERLAPS[USUAL])
        before = {"secret": row.twilio_tokens[0].hint} if row.twilio_tokens else {}
        row.twilio_tokens.insert(0, _row(key_id, token, now))
        session.flush()
        after = {"secret": token[:HINT_LENGTH]}
        trail.note(
            session, by, Action.TWILIO_TOKEN_MADE, row.name, subject_id=row.id, before=before, after=after
        )
        return key_views.view(row)

    view = transaction(work)
    api_keys.forget(key_id)
    log.info("API key %s has a new Twilio token", key_id)
    return view, Credentials(account_sid(key_id), token, service_sid(key_id))


def account_sid(key_id: str) -> str:
    """Return the account SID of a key."""
    return twilio_sids.sid(twilio_sids.ACCOUNT, key_id)


def service_sid(key_id: str) -> str:
    """Return the SID of a key's one Verify service."""
    return twilio_sids.sid(twilio_sids.SERVICE, key_id)


def authenticate(account: str, token: str) -> KeyOwner | None:
    """Return whose credentials these are, None where they are unknown, expired, or of a revoked key."""
    return key_owners.authenticate(_secret(account, token), SecretKind.TWILIO)


def _row(key_id: str, token: str, now: datetime) -> ApiKeySecret:
    key_hash = key_owners.hash_of(_secret(account_sid(key_id), token), SecretKind.TWILIO)
    return ApiKeySecret(
        kind=SecretKind.TWILIO,
        key_hash=key_hash,
        sealed=part(Keyring).seal(token.encode(), row=key_hash),
        hint=token[:HINT_LENGTH],
        created_at=now,
    )


def _secret(account: str, token: str) -> str:
    """Return what is hashed: both, so that a token does not work with another account's SID."""
    return f"{account}:{token}"

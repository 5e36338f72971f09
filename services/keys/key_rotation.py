"""A new secret for a key, while the old one still works for a while."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from sqlalchemy.orm import Session

from domain.actions import Action
from domain.errors import FieldProblem, InvalidInput, NotFound
from services.audit import trail
from services.audit.trail import COMMAND_LINE, Actor
from services.keys import api_keys
from services.keys.key_views import KeyView, view
from services.storage.transactions import transaction

log = logging.getLogger(__name__)
OVERLAPS: Mapping[str, timedelta] = MappingProxyType(
    {"0": timedelta(), "1h": timedelta(hours=1), "24h": timedelta(hours=24), "7d": timedelta(days=7)}
)
"""How long the old secret still works. 0 is for one that has leaked."""
USUAL = "24h"


def rotate(key_id: str, overlap: str = USUAL, *, by: Actor = COMMAND_LINE) -> tuple[KeyView, str]:
    """Give a key a new secret and return it; the older ones expire after the overlap, or at their own earlier time.

    The key keeps its id, and with it its messages, limits and idempotency keys. Raises InvalidInput for an overlap
    that is not in OVERLAPS, NotFound, and Conflict for a revoked key.
    """
    if overlap not in OVERLAPS:
        raise InvalidInput(FieldProblem("overlap", f"must be one of {', '.join(OVERLAPS)}"))

    def work(session: Session) -> tuple[KeyView, str]:
        row = api_keys.living(session, key_id)
        now = datetime.now(UTC)
        end = now + OVERLAPS[overlap]
        before = {"secret": row.secrets[0].hint}
        for old in row.secrets:
            old.expires_at = min(old.expires_at or end, end)
        text = api_keys.new_secret(row)
        session.flush()
        after = {"secret": row.secrets[0].hint, "overlap": overlap}
        trail.note(session, by, Action.KEY_ROTATED, row.name, subject_id=row.id, before=before, after=after)
        return view(row), text

    rotated = transaction(work)
    api_keys.forget(key_id)
    log.info("API key %s has a new secret, the old one works for %s more", key_id, overlap)
    return rotated


def end_early(key_id: str, secret_id: int, *, by: Actor = COMMAND_LINE) -> KeyView:
    """Expire an older secret now; raises NotFound where the key has no such working secret."""

    def work(session: Session) -> KeyView:
        row = api_keys.living(session, key_id)
        now = datetime.now(UTC)
        old = next((one for one in row.secrets if one.id == secret_id), None)
        if old is None or old.expires_at is None or old.expires_at <= now:
            raise NotFound("the key has no such older secret")
        before = {"secret": old.hint}
        old.expires_at = now
        trail.note(session, by, Action.KEY_SECRET_ENDED, row.name, subject_id=row.id, before=before)
        return view(row)

    ended = transaction(work)
    api_keys.forget(key_id)
    return ended

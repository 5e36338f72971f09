"""Show unmasked destinations and export them as CSV; both are recorded in the audit trail first."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from domain.actions import Action
from domain.destinations import mask
from domain.sheets import guarded
from services.audit import trail
from services.audit.trail import Actor
from services.storage.transactions import transaction
from services.traffic import message_details, message_lists, search_terms, verification_lists
from services.traffic.message_details import MessageDetails
from services.traffic.message_lists import ListedMessage, MessagePage
from services.traffic.verification_lists import ListedVerification, VerificationDetails, VerificationPage

EXPORT_BLOCK = 1000
LONGEST = 320
"""Characters of a subject in the audit."""
MOST_NAMED = 5
"""Values of one filter that the audit names: ids of messages chosen one by one may be many."""
MESSAGE_COLUMNS = (
    *("id", "verification_id", "channel", "to", "template", "status", "gateway", "gateway_reference"),
    *("tries", "error", "is_test", "created_at", "sent_at", "settled_at"),
)
VERIFICATION_COLUMNS = (
    *("id", "channel", "to", "purpose", "status", "attempts", "max_attempts", "is_test"),
    *("created_at", "expires_at", "used_at"),
)
Line = ListedMessage | ListedVerification
Filter = message_lists.Filter | verification_lists.Filter


def message(message_id: str, *, by: Actor) -> MessageDetails:
    """Return a message with its destination unmasked; raises NotFound."""
    found = message_details.get(message_id, unmasked=True)
    _note(by, Action.MESSAGE_DESTINATIONS_SHOWN, mask(found.to), subject_id=found.id)
    return found


def verification(verification_id: str, *, by: Actor) -> VerificationDetails:
    """Return a verification with its destination unmasked; raises NotFound."""
    found = verification_lists.get(verification_id, unmasked=True)
    _note(by, Action.VERIFICATION_DESTINATIONS_SHOWN, mask(found.listed.to), subject_id=found.listed.id)
    return found


def messages(chosen: message_lists.Filter, cursor: str | None, *, by: Actor) -> MessagePage:
    """Return one page of messages with unmasked destinations; raises InvalidInput."""
    page = message_lists.page(chosen, cursor=cursor, unmasked=True)
    _note(by, Action.MESSAGE_DESTINATIONS_SHOWN, described(chosen), after=_extent(page.messages))
    return page


def verifications(chosen: verification_lists.Filter, cursor: str | None, *, by: Actor) -> VerificationPage:
    """Return one page of verifications with unmasked destinations; raises InvalidInput."""
    page = verification_lists.page(chosen, cursor=cursor, unmasked=True)
    extent = _extent(page.verifications)
    _note(by, Action.VERIFICATION_DESTINATIONS_SHOWN, described(chosen), after=extent)
    return page


def export_messages(chosen: message_lists.Filter, *, unmasked: bool, by: Actor) -> Iterator[str]:
    """Return all messages of a filter as CSV, generated in blocks as it is read."""
    _note(by, Action.MESSAGES_EXPORTED, described(chosen), after={"unmasked": unmasked})
    return _csv(MESSAGE_COLUMNS, message_lists.pages(chosen, limit=EXPORT_BLOCK, unmasked=unmasked))


def export_verifications(chosen: verification_lists.Filter, *, unmasked: bool, by: Actor) -> Iterator[str]:
    """Return all verifications of a filter as CSV, generated in blocks as it is read."""
    _note(by, Action.VERIFICATIONS_EXPORTED, described(chosen), after={"unmasked": unmasked})
    pages = verification_lists.pages(chosen, limit=EXPORT_BLOCK, unmasked=unmasked)
    return _csv(VERIFICATION_COLUMNS, pages)


def described(chosen: Filter) -> str:
    """Return a filter as text for the audit trail, with a destination masked."""
    told = {one.name: getattr(chosen, one.name) for one in fields(chosen)}
    if chosen.sought is not None and search_terms.is_destination(chosen.sought):
        told["sought"] = mask(chosen.sought)
    words = " ".join(f"{name}={_word(value)}" for name, value in told.items() if value)
    return words[:LONGEST] or "all"


def _word(value: Any) -> str:
    if isinstance(value, tuple):
        named = ",".join(map(str, value[:MOST_NAMED]))
        return f"{named},… {len(value)}" if len(value) > MOST_NAMED else named
    return value.isoformat(timespec="minutes") if isinstance(value, datetime) else str(value)


def _extent(lines: Sequence[Line]) -> dict[str, Any]:
    """Return how many lines were shown, and the ids of the first and the last."""
    if not lines:
        return {"shown": 0}
    return {"shown": len(lines), "first": lines[0].id, "last": lines[-1].id}


def _note(by: Actor, action: Action, subject: str, **told: Any) -> None:
    transaction(lambda session: trail.note(session, by, action, subject, **told))


def _csv(columns: Sequence[str], pages: Iterator[Sequence[Line]]) -> Iterator[str]:
    yield _rows([columns])
    for lines in pages:
        if lines:
            yield _rows([[_cell(getattr(line, name)) for name in columns] for line in lines])


def _rows(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value.isoformat(timespec="milliseconds") if isinstance(value, datetime) else str(value)
    return guarded(text)

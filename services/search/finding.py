"""Find things by what somebody typed or pasted."""

from collections.abc import Collection

from domain.characters import trimmed
from domain.destinations import Destination
from domain.errors import InvalidDestination
from exts import db
from services import typed
from services.messaging import suppressions
from services.process import request_ids
from services.search import ids, names, traffic
from services.search.hits import Hit, Kind

SHORTEST_NAME = 2


def find(text: str, kinds: Collection[Kind]) -> list[Hit]:
    """Return what a text may mean, of these kinds only, in at most six statements, each of which an index answers.

    An id means the thing that has it and nothing else; a text with an @ or a plus sign a destination, and people of
    that name; any other one a gateway's reference, a local number, or a part of a name.
    """
    text = trimmed(text)
    id = ids.id_in(text)
    found = ids.of_id(id) if id else []
    if not found and text:
        found = _others(text, kinds)
    db.session.rollback()
    return [hit for hit in found if hit.kind in kinds]


def _others(text: str, kinds: Collection[Kind]) -> list[Hit]:
    to = destination_in(text)
    found = [] if "@" in text else traffic.of_reference(text)
    if Kind.REQUEST in kinds and request_ids.is_one(text):
        found += traffic.of_request(text)
    if to is not None:
        found += [] if found else traffic.of_destination(to, kinds)
        listed = suppressions.find(to.channel, to.canonical)
        found += [Hit(Kind.SUPPRESSION, listed.id, "", to.channel, at=listed.created_at)] if listed else []
    if len(text) >= SHORTEST_NAME:
        found += names.named(text, {Kind.PERSON} & set(kinds) if to and "@" in text else kinds)
    return found


def destination_in(text: str) -> Destination | None:
    """Return the destination that a text may be; None where it is none."""
    try:
        return typed.sought(text)
    except InvalidDestination:
        return None

"""The suppression list for the console and commands: by typed destination, and as a CSV file."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC

from sqlalchemy.orm import Session

from domain.actions import Action
from domain.destinations import Destination, mask
from domain.errors import FieldProblem, InvalidDestination, InvalidInput, NotFound
from domain.sheets import guarded, unguarded
from domain.statuses import SuppressionReason
from exts import db
from models import Suppression
from services import typed
from services.audit import trail
from services.audit.trail import COMMAND_LINE, Actor
from services.messaging import suppression_files, suppressions
from services.messaging.suppressions import SuppressionView
from services.storage.transactions import transaction

COLUMNS = ("destination", "reason", "since")
MOST_LINES = 1000
"""Of one uploaded file; each line is a change with its own audit entry, and a person waits for the answer."""
EXPORT_BLOCK = 1000
LONGEST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no destination: its number, and its beginning masked like one, because it may be one mistyped."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of an import: new destinations, those already on the list, and the invalid lines."""

    added: int
    known: int
    bad: tuple[BadLine, ...]


def get(suppression_id: str) -> SuppressionView:
    """Return one entry of the list; raises NotFound."""
    row = db.session.get(Suppression, suppression_id, populate_existing=True)
    found = suppressions.view(row) if row else None
    db.session.rollback()
    if found is None:
        raise NotFound("it is not on the list")
    return found


def find(text: str) -> SuppressionView | None:
    """Return the entry of a typed destination, None where it is not suppressed; raises InvalidDestination."""
    wanted = typed.sought(text)
    found = suppressions.find(wanted.channel, wanted.canonical)
    db.session.rollback()
    return found


def add(text: str, *, by: Actor = COMMAND_LINE) -> tuple[SuppressionView | None, bool]:
    """Put a typed destination on the list; return its entry, and whether it is new. Raises InvalidDestination."""
    wanted = parse(text)
    is_new = suppressions.add(wanted.channel, wanted.canonical, SuppressionReason.OPERATOR, by=by)
    return find(text), is_new


def remove(suppression_id: str, *, by: Actor = COMMAND_LINE) -> SuppressionView:
    """Take an entry off the list and return it; raises NotFound."""
    found = get(suppression_id)
    if not suppressions.remove(found.channel, found.canonical, by=by):
        raise NotFound("it is not on the list")
    return found


def take_in(content: bytes, *, most: int = MOST_LINES, by: Actor = COMMAND_LINE) -> Imported:
    """Import destinations from a file: the first column, or the one that a head line names, and the reasons beside it.

    Raises InvalidInput where the file is empty, not text, or has too many lines.
    """
    lines = suppression_files.read(suppression_files.decoded(content))
    if not 1 <= len(lines) <= most:
        raise InvalidInput(FieldProblem("file", f"must have 1 to {most} lines"))
    added, bad = 0, []
    for line in lines:
        try:
            wanted = parse(unguarded(line.destination.strip()))
        except InvalidDestination:
            bad.append(BadLine(line.number, mask(line.destination.strip())[:LONGEST_SHOWN]))
        else:
            added += suppressions.add(wanted.channel, wanted.canonical, _reason(line.reason), by=by)
    return Imported(added, len(lines) - len(bad) - added, tuple(bad))


def export(*, by: Actor = COMMAND_LINE) -> Iterator[str]:
    """Return the whole list as CSV with unmasked destinations, generated in blocks as it is read."""

    def work(session: Session) -> None:
        trail.note(session, by, Action.SUPPRESSIONS_EXPORTED, "all", after={"unmasked": True})

    transaction(work)
    return _csv()


def masked(found: SuppressionView) -> str:
    """Return the masked destination of an entry."""
    return mask(found.canonical)


def parse(text: str) -> Destination:
    """Parse a typed destination, e-mail address or phone number; raises InvalidDestination."""
    return typed.destination_of_any_channel(text)


def _csv() -> Iterator[str]:
    yield _rows([COLUMNS])
    block = suppressions.page(limit=EXPORT_BLOCK)
    while block:
        db.session.rollback()
        yield _rows([_quoted(one.canonical), one.reason.value, _utc(one)] for one in block)
        block = suppressions.page(block[-1], limit=EXPORT_BLOCK)


def _rows(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _utc(one: SuppressionView) -> str:
    return one.created_at.astimezone(UTC).isoformat(timespec="seconds")


def _quoted(canonical: str) -> str:
    """Return a destination as a cell; a phone number is no formula and keeps its plus sign as it is."""
    return guarded(canonical) if "@" in canonical else canonical


def _reason(given: str) -> SuppressionReason:
    given = given.lower()
    return SuppressionReason(given) if given in list(SuppressionReason) else SuppressionReason.OPERATOR

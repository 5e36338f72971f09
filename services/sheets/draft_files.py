"""The file of a draft: upload it, choose its columns, look at its rows, and send it."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import IO, Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from domain import sheets
from domain.errors import Conflict, FieldProblem, InvalidInput, NotFound
from domain.keyring import Keyring
from domain.sheets import BadFile, BadRow, Fault, FileFault, Row
from exts import db
from models import Broadcast, BroadcastDraft, BroadcastPart, DraftPart, clock
from services import profiles
from services.audit.trail import Actor
from services.messaging import broadcast_rows, notices
from services.outbox import packed
from services.outbox.packed import Ready
from services.process.parts import part
from services.sheets import drafts, reading, sending
from services.sheets.checking import Checked, Checker
from services.sheets.drafts import Draft
from services.storage.transactions import change, transaction

LONGEST_FILE_NAME = 100


@dataclass(slots=True)
class _Looked:
    """What was found in a file: the rows to insert, and how many are bad, by kind."""

    uploaded: list[dict[str, Any]] = field(default_factory=list)
    ready: list[dict[str, Any]] = field(default_factory=list)
    rows: int = 0
    faults: Counter[Fault] = field(default_factory=Counter)


def upload(draft: Draft, file: IO[bytes], file_name: str) -> None:
    """Read a file and check its rows, as far as it names the columns; it replaces an earlier one.

    Raises InvalidInput where the file is no table, and NotFound where the draft was sent meanwhile.
    """
    sheet = reading.read(file)
    columns = sheets.guess(sheet.head, draft.content.needed)
    _keep(draft, sheet.head, columns, sheet.rows, file_name[:LONGEST_FILE_NAME])


def match(draft: Draft, columns: Mapping[str, int | None]) -> None:
    """Take each value from another column, and check the rows again; raises InvalidInput and NotFound."""
    if columns.keys() != {sheets.TO, *draft.content.needed} or not all(
        index is None or 0 <= index < len(draft.head) for index in columns.values()
    ):
        raise InvalidInput(FieldProblem("columns", "must be columns of the file"))
    _keep(draft, draft.head, columns, _uploaded(draft.id), draft.file_name or "")


def _keep(
    draft: Draft,
    head: Sequence[str],
    columns: Mapping[str, int | None],
    rows: Iterable[Row],
    file_name: str,
) -> None:
    looked = _look(draft, head, columns, rows)
    if not looked.rows:
        raise BadFile(FileFault.NO_ROWS, "has no rows below the names")

    def work(session: Session) -> None:
        row = drafts.owned(session, draft.id, draft.administrator_id, lock=True)
        change(session, delete(DraftPart).where(DraftPart.draft_id == draft.id))
        packed.drop(session, draft.id)
        for one in looked.uploaded:
            session.execute(insert(DraftPart), [one])
        packed.put(session, looked.ready)
        told = {
            "rows": looked.rows,
            "faults": dict(looked.faults),
            "sealed": drafts.describe(draft, file_name, head, columns),
        }
        change(session, update(BroadcastDraft).where(BroadcastDraft.id == row.id).values(told))

    transaction(work)


def _look(
    draft: Draft, head: Sequence[str], columns: Mapping[str, int | None], rows: Iterable[Row]
) -> _Looked:
    looked = _Looked()
    packer = sending.Packer(draft.content.channel, draft.id, sending.shared(draft.content, draft.owner))
    for number, block in enumerate(_checked(draft, head, columns, rows)):
        bad = {str(index): _told(one.bad) for index, one in enumerate(block) if one.bad}
        said = [[(one.row.number, one.row.cells) for one in block], bad]
        sealed = packed.seal(part(Keyring), said, f"{draft.id}/{number}")
        looked.uploaded.append({"draft_id": draft.id, "number": number, "bad": len(bad), "sealed": sealed})
        looked.rows += len(block)
        for one in block:
            if one.ready:
                packer.add(one.ready)
            elif one.bad:
                looked.faults[one.bad.code] += 1
    looked.ready = packer.finish()
    return looked


def _checked(
    draft: Draft, head: Sequence[str], columns: Mapping[str, int | None], rows: Iterable[Row]
) -> Iterator[list[Checked]]:
    """Yield the rows in blocks, not checked while a column is missing."""
    if None in columns.values():
        unchecked = (Checked(row) for row in rows)
        while block := list(islice(unchecked, packed.SIZE)):
            yield block
        return
    service = profiles.of(draft.owner).service_name
    yield from Checker(draft.content, head, sheets.chosen(columns, draft.content.needed), service).check(rows)


def _told(bad: BadRow) -> tuple[str, str, str]:
    return bad.column, bad.code.value, bad.detail


def _parts(draft_id: str, *, only_bad: bool = False) -> Iterator[list[tuple[Row, BadRow | None]]]:
    """Yield the rows of a draft's file as they were uploaded, a part at a time, each with what is wrong."""
    wanted = select(DraftPart.number).where(DraftPart.draft_id == draft_id).order_by(DraftPart.number)
    numbers = db.session().scalars(wanted.where(DraftPart.bad > 0) if only_bad else wanted).all()
    for number in numbers:
        sealed = db.session().scalar(
            select(DraftPart.sealed).where(DraftPart.draft_id == draft_id, DraftPart.number == number)
        )
        db.session.rollback()
        if sealed is None:
            raise NotFound("the draft was sent or changed meanwhile")
        rows, bad = packed.unseal(part(Keyring), sealed, f"{draft_id}/{number}")
        yield [(Row(*row), _fault(row[0], bad.get(str(index)))) for index, row in enumerate(rows)]


def _fault(number: int, told: Sequence[str] | None) -> BadRow | None:
    return None if told is None else BadRow(number, told[0], Fault(told[1]), told[2])


def _uploaded(draft_id: str) -> Iterator[Row]:
    for block in _parts(draft_id):
        for row, _ in block:
            yield row


def bad_rows(draft: Draft, most: int) -> list[BadRow]:
    """Return the first bad rows of a draft's file."""
    found = (bad for block in _parts(draft.id, only_bad=True) for _, bad in block if bad)
    return list(islice(found, most))


def bad_rows_file(draft: Draft, titles: Sequence[str], reason: Callable[[BadRow], str]) -> Iterator[str]:
    """Yield a CSV file of the bad rows as they were uploaded, with their numbers and reasons before them.

    `titles` are those of the two columns more. No cell is a formula to a spreadsheet.
    """
    yield _line([*titles, *draft.head])
    for block in _parts(draft.id, only_bad=True):
        yield "".join(_line([str(row.number), reason(bad), *row.cells]) for row, bad in block if bad)


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(map(sheets.guarded, cells))
    return text.getvalue()


def ready(draft: Draft, number: int) -> Ready:
    """Return the recipient with a number, from 1; raises NotFound."""
    if not 1 <= number <= sheets.MOST_ROWS:
        raise NotFound("there is no such recipient")
    index, place = divmod(number - 1, packed.SIZE)
    row = db.session().get(BroadcastPart, (draft.id, index), populate_existing=True)
    found = packed.opened(part(Keyring), row).ready if row else ()
    db.session.rollback()
    if place >= len(found):
        raise NotFound("there is no such recipient")
    return found[place]


def segments(draft: Draft) -> int:
    """Return how many segments its SMS take together; 0 for mails."""
    found = db.session().scalars(select(BroadcastPart.segments).where(BroadcastPart.broadcast_id == draft.id))
    total = sum(sum(one.values()) for one in found)
    db.session.rollback()
    return total


def send(draft: Draft, *, only_good: bool, send_at: datetime | None, by: Actor) -> None:
    """Send a draft: its broadcast has the same id. `only_good` is the explicit choice to leave bad rows out.

    Raises Conflict where there is nobody to send to, or rows are bad and nobody said to leave them out; LimitExceeded
    for the day's budget; InvalidInput for the time; and NotFound where it was sent before. Nothing is sent then.
    """
    if not draft.good or (draft.bad and not only_good):
        raise Conflict("the file has bad rows, or none that is good")
    now = clock.now()
    span = notices.span(send_at, now)
    wanted = select(BroadcastPart.segments).where(BroadcastPart.broadcast_id == draft.id)
    billed = list(db.session().scalars(wanted))
    db.session.rollback()
    sending.take_budget(billed, draft.owner)
    row = broadcast_rows.row(draft.id, draft.content, span, draft.owner, now)
    row |= {"name": draft.name, "accepted": draft.good, "rejected": draft.bad}

    def work(session: Session) -> None:
        if drafts.view(drafts.owned(session, draft.id, draft.administrator_id, lock=True)) != draft:
            raise Conflict("the draft was changed meanwhile")
        session.execute(insert(Broadcast), [row])
        drafts.forget(session, draft.id, recipients=False)
        sending.note(session, by, row)

    transaction(work)
    sending.ring(draft.id, draft.good)
